import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../../../common/access/caller.js';
import { unlessMissing } from '../../../common/errors/gateway-error.js';
import { SessionAccess } from '../../session/session.access.js';
import type { Session } from '../../session/session.model.js';
import { ownerIdFor } from '../../session/session.owners.js';
import { SessionService } from '../../session/session.service.js';
import { TASK_STORE, type TaskStore } from '../task.store.js';
import { contextOf, sessionOf } from './task-id.js';

/** Where a new task is to happen. */
export interface TaskPlaceWish {
  /** The caller's name for the conversation; empty: a new one. */
  readonly contextId: string;
  /** A session that it is bound to. */
  readonly sessionId: string | undefined;
  /** Of a session that is made for it. */
  readonly directory: string | undefined;
}

export interface TaskPlace {
  readonly session: Session;
  readonly contextId: string;
}

export interface TaskSessionsOptions {
  /** For how long the session of a context is known without a look at OpenCode. */
  readonly bindingTtlMs: number;
}

/** Injection token of TaskSessionsOptions. */
export const TASK_SESSIONS_OPTIONS = Symbol('TASK_SESSIONS_OPTIONS');

/**
 * The sessions behind A2A's contexts.
 *
 * A context of ours names its session. What a caller made up stands in the metadata of the session that was made for it, and is
 * remembered for a while; the same name of another caller is another context.
 */
@Injectable()
export class TaskSessions {
  constructor(
    private readonly sessions: SessionService,
    private readonly access: SessionAccess,
    @Inject(TASK_STORE) private readonly store: TaskStore,
    @Inject(TASK_SESSIONS_OPTIONS) private readonly options: TaskSessionsOptions,
  ) {}

  /** @throws GatewayError NOT_FOUND for a session that is none or somebody else's; INVALID_ARGUMENT for a directory outside the workspace */
  async find({ contextId, sessionId, directory }: TaskPlaceWish, caller: Caller): Promise<TaskPlace> {
    const named = sessionId ?? sessionOf(contextId);
    if (named !== undefined) {
      const session = await this.get(named, caller);
      if (contextId !== '' && sessionOf(contextId) === undefined) await this.bind(contextId, named, caller);
      return { session, contextId: contextId === '' ? (session.contextId ?? contextOf(named)) : contextId };
    }
    if (contextId === '') {
      const session = await this.sessions.create({ directory }, caller.principal);
      return { session, contextId: contextOf(session.id) };
    }
    return { session: await this.ofContext(contextId, directory, caller), contextId };
  }

  /** @throws GatewayError NOT_FOUND */
  async get(sessionId: string, caller: Caller): Promise<Session> {
    await this.access.require(sessionId, caller);
    return this.sessions.get(sessionId);
  }

  private async ofContext(contextId: string, directory: string | undefined, caller: Caller): Promise<Session> {
    const bound = await this.store.bound(keyOf(contextId, caller));
    const known = bound === undefined ? undefined : await this.sessions.get(bound).catch(unlessMissing);
    const session = known ?? (await this.remembered(contextId, caller)) ?? (await this.create(contextId, directory, caller));
    await this.bind(contextId, session.id, caller);
    return session;
  }

  /** OpenCode remembers it, whoever made the session: this gateway before a restart, or another one. */
  private async remembered(contextId: string, { principal }: Caller): Promise<Session | undefined> {
    const ownerId = ownerIdFor(principal);
    return (await this.sessions.list(principal)).find((session) => session.contextId === contextId && session.ownerId === ownerId);
  }

  /** Once, however many messages come at the same time, here and at other replicas. */
  private create(contextId: string, directory: string | undefined, { principal }: Caller): Promise<Session> {
    return this.sessions.create({ directory, contextId, requestId: `a2a-context ${contextId}` }, principal);
  }

  private async bind(contextId: string, sessionId: string, caller: Caller): Promise<void> {
    await this.store.bind(keyOf(contextId, caller), sessionId, this.options.bindingTtlMs);
  }
}

/** Callers choose the names of contexts: a hash has a length that is known. */
function keyOf(contextId: string, { principal }: Caller): string {
  return `context:${createHash('sha256').update(`${principal.id}\n${contextId}`).digest('base64url')}`;
}
