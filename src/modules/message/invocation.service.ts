import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { Audit, type Act, type Actor } from '../../common/logging/audit.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { AgentService } from '../agent/agent.service.js';
import { CommandService } from '../command/command.service.js';
import { toModelName } from '../session/session.mapper.js';
import type { CommandInvocation, ShellInvocation } from './invocation.model.js';
import { toAcceptedFile } from './prompt.parts.js';
import { PromptService } from './prompt.service.js';
import { toUpstreamFile } from './upstream-prompt.mapper.js';
import type { Turn } from './turn.js';
import type { TurnTask } from './turn.task.js';

/** Commands and shell lines as turns: they stand in the session's queue, have events and end as prompts do. */
@Injectable()
export class InvocationService {
  private readonly logger = new Logger(InvocationService.name);
  private readonly audit = new Audit();

  constructor(
    private readonly pool: OpencodePool,
    private readonly prompts: PromptService,
    private readonly agents: AgentService,
    private readonly commands: CommandService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws GatewayError as PromptService.accept; INVALID_ARGUMENT for an unknown command */
  async acceptCommand(invocation: CommandInvocation): Promise<TurnTask> {
    const { sessionId, command, requestId } = invocation;
    const session = await this.prompts.openSession(sessionId);
    await this.commands.require(session.directory, command, 'command');
    const { agent, model } = await this.prompts.choose(invocation, session, 'model');
    const { variant, files = [], messageId } = invocation;
    const parts = files.map((file, index) => toUpstreamFile(toAcceptedFile(file, index)));
    const { client } = this.pool.forSession(sessionId);
    const call = (messageID: string): Promise<void> =>
      client.command(sessionId, {
        messageID,
        command,
        arguments: invocation.arguments,
        ...(agent !== undefined && { agent }),
        ...(model !== undefined && { model: toModelName(model) }),
        ...(variant !== undefined && { variant }),
        ...(parts.length > 0 && { parts }),
      });
    const hand: TurnTask['hand'] = (turn, again) => this.handLongCall(turn, again, call);
    return { session, requestId, messageId, fingerprint: ['command', invocation], kind: 'prompt', hand };
  }

  /** @throws GatewayError PERMISSION_DENIED unless ENABLE_SESSION_SHELL is set; else as PromptService.accept */
  async acceptShell(invocation: ShellInvocation, by: Actor): Promise<TurnTask> {
    const act: Act = { action: 'shell.run', target: invocation.sessionId, by };
    return this.audit.carryOut(act, 'accepted', () => this.prepareShell(invocation, act));
  }

  private async prepareShell(invocation: ShellInvocation, act: Act): Promise<TurnTask> {
    const { sessionId, command, requestId } = invocation;
    if (!this.config.ENABLE_SESSION_SHELL && !this.config.A2A_ENABLE_SESSION_SHELL) {
      throw new GatewayError('PERMISSION_DENIED', 'The shell is switched off (ENABLE_SESSION_SHELL)', { reason: 'SHELL_DISABLED' });
    }
    if (command.trim() === '') throw GatewayError.invalid('command', 'must not be empty');
    const session = await this.prompts.openSession(sessionId);
    const { agent, model } = await this.prompts.choose(invocation, session, 'model');
    const shellAgent = agent ?? (await this.agents.defaultName(session.directory));
    const upstreamModel = model && { providerID: model.providerId, modelID: model.modelId };
    const { client } = this.pool.forSession(sessionId);
    const call = (messageID: string): Promise<void> => {
      this.audit.record(act, 'begun');
      return client.shell(sessionId, { messageID, agent: shellAgent, command, ...(upstreamModel && { model: upstreamModel }) });
    };
    const hand: TurnTask['hand'] = (turn, again) => this.handLongCall(turn, again, call);
    return { session, requestId, fingerprint: ['shell', invocation], kind: 'shell', hand };
  }

  /**
   * These calls answer when the run has ended. That it began, its events tell; how it ended is the turn's to find out.
   * They name their parts themselves, so a message that is made again would hold them twice: it is deleted first.
   */
  private async handLongCall(turn: Turn, again: boolean, makeCall: (messageId: string) => Promise<void>): Promise<void> {
    if (again) await this.pool.forSession(turn.sessionId).client.deleteMessage(turn.sessionId, turn.id);
    const call = makeCall(turn.id);
    call.catch((error: unknown) => this.logger.debug(`The call of turn ${turn.id} failed: ${String(error)}`));
    await Promise.race([call, turn.taken]);
  }
}
