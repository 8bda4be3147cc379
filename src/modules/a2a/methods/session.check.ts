import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import { isSessionId } from '../../../common/validation/ids.js';
import { ForeignSessionError, SessionAccess } from '../../session/session.access.js';
import type { A2ACall } from '../a2a.call.js';
import { ExtensionError } from '../extension-method.js';
import { DirectoryGuard } from './directory.guard.js';
import type { metadata } from './extension.params.js';

/** What the methods that speak of sessions look at first. */
@Injectable()
export class SessionCheck {
  constructor(
    private readonly access: SessionAccess,
    private readonly directories: DirectoryGuard,
  ) {}

  /** The directory that a call names, by metadata or by a parameter of its own. @throws ExtensionError INVALID_FIELD */
  directoryOf(params: { readonly directory?: string | undefined; readonly metadata: z.output<typeof metadata> }): string | undefined {
    return this.directories.ofMetadata(params.metadata) ?? this.directories.resolve(params.directory, 'directory');
  }

  /** @throws GatewayError NOT_FOUND for what cannot be a session's */
  requireId(sessionId: string): void {
    if (!isSessionId(sessionId)) throw GatewayError.notFound('session', sessionId);
  }

  /** Lets the caller at a session. @throws GatewayError NOT_FOUND, whoever's it is */
  async admit(sessionId: string, { caller }: A2ACall): Promise<string> {
    this.requireId(sessionId);
    await this.access.require(sessionId, caller);
    return sessionId;
  }
}

/**
 * A control method of A2A 0.3 says of somebody else's session that it is forbidden, as it always did.
 *
 * @see docs/adr/0032-extension-methods.md
 */
export function toForbidden(error: unknown, sessionId: string, { version }: A2ACall): never {
  if (!(error instanceof ForeignSessionError) || version !== '0.3') throw error;
  throw new ExtensionError('SESSION_FORBIDDEN', 'Session forbidden', { session_id: sessionId });
}

/** For `catch`: a message that is not in the session, or an id that cannot be one's. */
export function toUnknownMessage(error: unknown): never {
  if (!(error instanceof GatewayError) || !['MESSAGE_NOT_FOUND', 'REFUSED_BY_OPENCODE'].includes(error.reason)) throw error;
  throw new ExtensionError('INVALID_FIELD', 'message_id is no message of the session', { field: 'message_id' });
}
