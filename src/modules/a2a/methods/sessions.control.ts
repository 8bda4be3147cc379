import { Injectable } from '@nestjs/common';
import { may } from '../../../common/access/principal.js';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import { Audit } from '../../../common/logging/audit.js';
import { NoteService } from '../../message/note.service.js';
import { RunService } from '../../message/run.service.js';
import { TurnService } from '../../message/turn.service.js';
import type { A2ACall } from '../a2a.call.js';
import { ExtensionError, type ExtensionMethod } from '../extension-method.js';
import { toMessageJson } from './a2a-items.mapper.js';
import { commandParams, promptParams, shellParams, toCommand, toPrompt, toShellLine } from './control.params.js';
import { parseParams, type Params } from './extension.params.js';
import { SessionCheck, toForbidden } from './session.check.js';

export const SHELL_METHOD = 'opencode.sessions.shell';

/**
 * Making sessions work.
 *
 * A directory in the metadata is looked at and leads nowhere else: a session works in its own.
 */
@Injectable()
export class SessionsControl {
  readonly methods: readonly ExtensionMethod[] = [
    { name: 'opencode.sessions.prompt_async', scope: 'write', run: (params, call) => this.prompt(params, call) },
    { name: 'opencode.sessions.command', scope: 'write', run: (params, call) => this.command(params, call) },
    { name: SHELL_METHOD, scope: 'shell', run: (params, call) => this.shell(params, call) },
  ];

  private readonly audit = new Audit();

  constructor(
    private readonly check: SessionCheck,
    private readonly turns: TurnService,
    private readonly notes: NoteService,
    private readonly runs: RunService,
  ) {}

  /** `{ok: true, session_id}`, once OpenCode or the session's queue has it. */
  private async prompt(params: Params, call: A2ACall): Promise<unknown> {
    const { session_id: sessionId, request, metadata } = parseParams(promptParams, params);
    this.check.directoryOf({ metadata });
    // It lets a tool run unasked from now on, as the answer `always` does.
    if (Object.values(request.tools ?? {}).includes(true) && !may(call.caller.principal, 'approve'))
      throw new ExtensionError('AUTHORIZATION_FORBIDDEN', 'Letting tools run unasked needs the scope approve', { field: 'request.tools' });
    await this.check.admit(sessionId, call).catch((error: unknown) => toForbidden(error, sessionId, call));
    const prompt = toPrompt(sessionId, request);
    await (request.noReply === true ? this.notes.add(prompt) : this.turns.send(prompt, call.caller)).catch(inRequest);
    return { ok: true, session_id: sessionId };
  }

  /** `{item: Message}`: the last message of the command's turn. */
  private async command(params: Params, call: A2ACall): Promise<unknown> {
    const { session_id: sessionId, request, metadata } = parseParams(commandParams, params);
    this.check.directoryOf({ metadata });
    await this.check.admit(sessionId, call).catch((error: unknown) => toForbidden(error, sessionId, call));
    const { message } = await this.runs.runCommand(toCommand(sessionId, request), call.caller).catch(inRequest);
    return { item: toMessageJson(message, call.version) };
  }

  /** `{item: Message}`, whose text is what the line printed. Audited by the method's name, without the line. */
  private async shell(params: Params, call: A2ACall): Promise<unknown> {
    const { session_id: sessionId, request, metadata } = parseParams(shellParams, params);
    this.check.directoryOf({ metadata });
    // The log has ids, and nothing else that callers write.
    this.check.requireId(sessionId);
    const run = async () => {
      await this.check.admit(sessionId, call);
      return this.runs.runShell(toShellLine(sessionId, request), call.caller);
    };
    const act = { action: SHELL_METHOD, target: sessionId, by: call.caller } as const;
    const { message } = await this.audit
      .carryOut(act, 'success', run)
      .catch((error: unknown) => toForbidden(error, sessionId, call))
      .catch(inRequest);
    return { item: toMessageJson(message, call.version) };
  }
}

/** What a service calls a field by its name in the request: `model.model_id` is `request.model`, `parts[0].file.url` is `request.parts[0].url`. */
function inRequest(error: unknown): never {
  const field = error instanceof GatewayError && error.code === 'INVALID_ARGUMENT' ? error.violations[0]?.field : undefined;
  if (field === undefined) throw error;
  const name = field === 'request_id' ? 'messageID' : field.replace('model.model_id', 'model').replace('.file.', '.');
  const { message } = error as GatewayError;
  throw new ExtensionError('INVALID_FIELD', `request.${name}: ${message.replace(`${field}: `, '')}`, { field: `request.${name}` });
}
