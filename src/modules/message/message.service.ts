import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { DEFAULT_PAGE_SIZE } from '../../common/validation/ids.js';
import { fromPageToken, toPageToken } from '../../common/validation/page-token.js';
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
    private readonly turns: TurnRegistry,
  ) {}

  /** The whole history, ascending. @throws GatewayError NOT_FOUND */
  async list(sessionId: string): Promise<Message[]> {
    await this.sessions.get(sessionId);
    const wasQuiet = this.turns.isQuiet(sessionId);
    const { messages } = await this.pool.forSession(sessionId).client.messages(sessionId);
    return this.finish(sessionId, messages.map(fromUpstreamHistory), wasQuiet);
  }

  /** One page, the newest first page, ascending within the page. @throws GatewayError NOT_FOUND; INVALID_ARGUMENT for a page token that is not ours */
  async listPage(sessionId: string, pageSize: number, pageToken: string): Promise<MessagePage> {
    const before = fromPageToken(pageToken);
    await this.sessions.get(sessionId);
    const wasQuiet = this.turns.isQuiet(sessionId);
    const page = await this.pool.forSession(sessionId).client.messages(sessionId, pageSize === 0 ? DEFAULT_PAGE_SIZE : pageSize, before);
    return {
      messages: this.finish(sessionId, page.messages.map(fromUpstreamHistory), wasQuiet),
      nextPageToken: page.nextCursor === undefined ? '' : toPageToken(page.nextCursor),
    };
  }

  /** @throws GatewayError NOT_FOUND */
  async get(sessionId: string, messageId: string): Promise<Message> {
    await this.sessions.get(sessionId);
    const wasQuiet = this.turns.isQuiet(sessionId);
    const message = fromUpstreamHistory(await this.pool.forSession(sessionId).client.message(sessionId, messageId));
    return this.finish(sessionId, [message], wasQuiet)[0] ?? message;
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
  private finish(sessionId: string, messages: Message[], wasQuiet: boolean): Message[] {
    return wasQuiet && this.turns.isQuiet(sessionId) ? messages.map(asInterrupted) : messages;
  }
}
