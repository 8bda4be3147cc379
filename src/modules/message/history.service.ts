import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { Audit, type Actor } from '../../common/logging/audit.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { ProviderService } from '../provider/provider.service.js';
import type { FileDiff, ModelRef, Session } from '../session/session.model.js';
import { SessionService } from '../session/session.service.js';
import { diffsOf, fromUpstreamDiff, mergeDiffs } from './diff.mapper.js';
import { MessageService } from './message.service.js';
import { TurnLine } from './turn.line.js';

/** What changes the history of a session, and what the history changed in the files. Knows no transport. */
@Injectable()
export class HistoryService {
  private readonly audit = new Audit();

  constructor(
    private readonly pool: OpencodePool,
    private readonly sessions: SessionService,
    private readonly providers: ProviderService,
    private readonly messages: MessageService,
    private readonly line: TurnLine,
  ) {}

  /** @throws GatewayError NOT_FOUND, also for a message that OpenCode would silently not delete; FAILED_PRECONDITION while the session is busy */
  async deleteMessage(sessionId: string, messageId: string, by: Actor): Promise<void> {
    await this.audit.carryOut({ action: 'message.delete', target: `${sessionId}/${messageId}`, by }, 'done', async () => {
      await this.messages.get(sessionId, messageId);
      await this.line.runWhenIdle(sessionId, () => this.pool.forSession(sessionId).client.deleteMessage(sessionId, messageId));
    });
  }

  /** Takes a message, what follows it and their changes of files back. @throws GatewayError NOT_FOUND; FAILED_PRECONDITION while the session is busy */
  async revert(sessionId: string, messageId: string, partId: string | undefined): Promise<Session> {
    await this.messages.get(sessionId, messageId);
    const { client } = this.pool.forSession(sessionId);
    await this.line.runWhenIdle(sessionId, () => client.revert(sessionId, messageId, partId));
    return this.sessions.get(sessionId);
  }

  /** @throws GatewayError NOT_FOUND; FAILED_PRECONDITION while the session is busy */
  async unrevert(sessionId: string): Promise<Session> {
    await this.sessions.get(sessionId);
    await this.line.runWhenIdle(sessionId, () => this.pool.forSession(sessionId).client.unrevert(sessionId));
    return this.sessions.get(sessionId);
  }

  /**
   * Has the history summed up; waits for its turn in the session's line.
   *
   * @throws GatewayError NOT_FOUND; INVALID_ARGUMENT for an unknown model, which OpenCode would keep and choke on;
   * FAILED_PRECONDITION, reason SUMMARY_FAILED, when the model made none; WORKSPACE_PLUGINS
   */
  async summarize(sessionId: string, wanted: ModelRef | undefined): Promise<void> {
    const session = await this.sessions.get(sessionId);
    if (wanted !== undefined) await this.providers.requireModel(session.directory, wanted, 'model');
    const model = wanted ?? session.model ?? (await this.providers.defaultModel(session.directory));
    if (model === undefined) throw GatewayError.invalid('model', 'must be named: neither the session nor the gateway has one');
    const { client, workspaceConfig } = this.pool.forSession(sessionId);
    await workspaceConfig.requireNoPlugins(session.directory);
    await this.line.run(sessionId, () => client.summarize(sessionId, { providerID: model.providerId, modelID: model.modelId }));
    const [last] = (await this.messages.listPage(sessionId, 1, '')).messages;
    if (last?.info.failure === undefined) return;
    throw new GatewayError('FAILED_PRECONDITION', last.info.failure.message, {
      reason: 'SUMMARY_FAILED',
      metadata: { errorName: last.info.failure.name },
    });
  }

  /** What a turn changed in the files, or every turn. @throws GatewayError NOT_FOUND for the session or the message */
  async diff(sessionId: string, messageId: string): Promise<FileDiff[]> {
    await this.sessions.get(sessionId);
    const { client } = this.pool.forSession(sessionId);
    if (messageId === '') return mergeDiffs(diffsOf((await client.messages(sessionId)).messages));
    await this.messages.get(sessionId, messageId);
    return (await client.diff(sessionId, messageId)).map(fromUpstreamDiff);
  }
}
