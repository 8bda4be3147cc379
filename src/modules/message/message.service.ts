import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { DEFAULT_PAGE_SIZE } from '../../common/validation/ids.js';
import { fromPageToken, toPageToken } from '../../common/validation/page-token.js';
import { EventHub } from '../event/event.hub.js';
import type { Session } from '../session/session.model.js';
import { SessionService } from '../session/session.service.js';
import { asInterrupted, fromUpstreamHistory } from './message.mapper.js';
import type { Message, MessagePage } from './message.model.js';
import { TurnRegistry } from './turn.registry.js';

/** The history of sessions. Knows no transport. */
@Injectable()
export class MessageService {
  constructor(
    private readonly pool: OpencodePool,
    private readonly sessions: SessionService,
    private readonly hub: EventHub,
    private readonly turns: TurnRegistry,
  ) {}

  /** The whole history, ascending. @throws GatewayError NOT_FOUND */
  async list(sessionId: string): Promise<Message[]> {
    const session = await this.sessions.get(sessionId);
    const wasQuiet = await this.isQuiet(session);
    const { messages } = await this.pool.forSession(sessionId).client.messages(sessionId);
    return this.finish(session, messages.map(fromUpstreamHistory), wasQuiet);
  }

  /** One page, the newest first page, ascending within the page. @throws GatewayError NOT_FOUND; INVALID_ARGUMENT for a page token that is not ours */
  async listPage(sessionId: string, pageSize: number, pageToken: string): Promise<MessagePage> {
    const before = fromPageToken(pageToken);
    const session = await this.sessions.get(sessionId);
    const wasQuiet = await this.isQuiet(session);
    const page = await this.pool.forSession(sessionId).client.messages(sessionId, pageSize === 0 ? DEFAULT_PAGE_SIZE : pageSize, before);
    return {
      messages: await this.finish(session, page.messages.map(fromUpstreamHistory), wasQuiet),
      nextPageToken: page.nextCursor === undefined ? '' : toPageToken(page.nextCursor),
    };
  }

  /** @throws GatewayError NOT_FOUND */
  async get(sessionId: string, messageId: string): Promise<Message> {
    const session = await this.sessions.get(sessionId);
    const wasQuiet = await this.isQuiet(session);
    const message = fromUpstreamHistory(await this.pool.forSession(sessionId).client.message(sessionId, messageId));
    return (await this.finish(session, [message], wasQuiet))[0] ?? message;
  }

  /** Deletes every message. @throws GatewayError NOT_FOUND; FAILED_PRECONDITION while the session is busy */
  async clear(sessionId: string): Promise<void> {
    const { client } = this.pool.forSession(sessionId);
    const { directory } = await this.sessions.get(sessionId);
    const statuses = await client.statuses(directory);
    if (statuses[sessionId] !== undefined || this.turns.current(sessionId) !== undefined)
      throw new GatewayError('FAILED_PRECONDITION', 'The session is busy', { reason: 'SESSION_BUSY' });
    const { messages } = await client.messages(sessionId);
    for (const { info } of messages) await client.deleteMessage(sessionId, info.id);
  }

  /** What is unfinished in a session that was quiet before it was read, and still is, nobody will finish. */
  private async finish(session: Session, messages: Message[], wasQuiet: boolean): Promise<Message[]> {
    return wasQuiet && (await this.isQuiet(session)) ? messages.map(asInterrupted) : messages;
  }

  /** Nothing works on the session, and nothing is about to; by OpenCode's own word while its events do not arrive. */
  private async isQuiet({ id, directory }: Session): Promise<boolean> {
    if (this.turns.current(this.hub.rootIdOf(id)) !== undefined) return false;
    if (this.hub.isReady) return !this.hub.isBusy(id);
    return (await this.pool.forSession(id).client.statuses(directory))[id] === undefined;
  }
}
