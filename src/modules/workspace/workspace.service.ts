import { Injectable } from '@nestjs/common';
import { filter, type Observable } from 'rxjs';
import type { Caller } from '../../common/access/caller.js';
import { may, type Principal } from '../../common/access/principal.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { Audit } from '../../common/logging/audit.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { KeyedLock } from '../../common/streams/keyed-lock.js';
import { fromPageToken, toPageToken } from '../../common/validation/page-token.js';
import { EventHub } from '../event/event.hub.js';
import type { GatewayEvent } from '../event/event.model.js';
import type { Message } from '../message/message.model.js';
import { MessageService } from '../message/message.service.js';
import type { Prompt } from '../message/prompt.model.js';
import { TurnService } from '../message/turn.service.js';
import { toModelName } from '../session/session.mapper.js';
import type { Session } from '../session/session.model.js';
import { ownerIdFor } from '../session/session.owners.js';
import { SessionService } from '../session/session.service.js';
import { watchMessages } from './message-watch.js';
import type { HistoryPage, HistoryQuery, MessageChange, SessionStats } from './workspace.model.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;

/** Seed 000: the container and its one session, over the modules for many; each principal has one. Knows no transport. */
@Injectable()
export class WorkspaceService {
  private readonly audit = new Audit();
  private readonly lock = new KeyedLock();
  /** By principal. */
  private readonly sessionIds = new Map<string, string>();

  constructor(
    private readonly pool: OpencodePool,
    private readonly sessions: SessionService,
    private readonly messages: MessageService,
    private readonly turns: TurnService,
    private readonly hub: EventHub,
  ) {}

  /** The caller's session of the container: the newest one that carries our mark, made on first use. Any number of first calls make exactly one. */
  async session(owner: Principal): Promise<Session> {
    return this.lock.run(owner.id, () => this.findOrCreate(owner));
  }

  /** A new session in place of the old one, which is ended and deleted. */
  async reset(caller: Caller, title: string): Promise<Session> {
    const owner = caller.principal;
    return this.lock.run(owner.id, async () => {
      const old = await this.find(owner);
      const made = await this.sessions.create({ isWorkspaceSession: true, ...(title !== '' && { title }) }, owner);
      // The agent keeps its model; only the conversation is new.
      if (old?.chosenModel !== undefined) await this.sessions.update(made.id, { labels: {}, model: old.chosenModel });
      this.sessionIds.set(owner.id, made.id);
      if (old !== undefined) await this.sessions.delete(old.id, caller);
      return made;
    });
  }

  /** The session with the number of its messages. */
  async sessionWithCount(owner: Principal): Promise<{ readonly session: Session; readonly messageCount: number }> {
    const session = await this.session(owner);
    return { session, messageCount: (await this.messages.list(session.id)).length };
  }

  async stats(owner: Principal): Promise<SessionStats> {
    const session = await this.session(owner);
    const messages = await this.messages.list(session.id);
    const models = messages.flatMap(({ info }) => (info.model === undefined ? [] : [toModelName(info.model)]));
    return {
      totalMessages: messages.length,
      userMessages: messages.filter(({ info }) => info.role === 'user').length,
      assistantMessages: messages.filter(({ info }) => info.role === 'assistant').length,
      toolMessages: messages.flatMap(({ parts }) => parts).filter((part) => part.type === 'tool').length,
      promptTokens: session.usage.inputTokens,
      completionTokens: session.usage.outputTokens,
      totalCost: session.usage.cost,
      lastActivityMs: session.updatedAtMs,
      modelsUsed: [...new Set(models)],
      currentModel: session.model === undefined ? (models.at(-1) ?? '') : toModelName(session.model),
    };
  }

  /** Sends a prompt to the container's session and gives its events up to the turn's end. */
  async stream(
    caller: Caller,
    prompt: Omit<Prompt, 'sessionId'>,
  ): Promise<{ readonly sessionId: string; readonly events$: Observable<GatewayEvent> }> {
    const { id: sessionId } = await this.session(caller.principal);
    return { sessionId, events$: await this.turns.stream({ ...prompt, sessionId }, 'delta', caller) };
  }

  /** A page of the history, ascending. The cursor wins over the offset. @throws GatewayError INVALID_ARGUMENT naming the field */
  async listMessages(owner: Principal, { role, limit, offset, cursor }: HistoryQuery): Promise<HistoryPage> {
    if (limit < 0 || limit > MAX_LIMIT) throw GatewayError.invalid('pagination.limit', `must be from 0 to ${MAX_LIMIT}`);
    if (offset < 0) throw GatewayError.invalid('pagination.offset', 'must not be negative');
    const { id } = await this.session(owner);
    const messages = (await this.messages.list(id)).filter(({ info }) => role === undefined || info.role === role);
    const after = fromPageToken(cursor);
    const start = after === undefined ? offset : startBehind(messages, after);
    const page = messages.slice(start, start + (limit === 0 ? DEFAULT_LIMIT : limit));
    const last = page.at(-1);
    const hasMore = start + page.length < messages.length;
    return {
      messages: page,
      total: messages.length,
      limit: limit === 0 ? DEFAULT_LIMIT : limit,
      offset: start,
      nextCursor: hasMore && last !== undefined ? toPageToken(`${last.info.createdAtMs} ${last.info.id}`) : '',
    };
  }

  /** Every change of the session's messages from now on; ends when the session is reset. */
  async watchMessages(owner: Principal): Promise<Observable<MessageChange>> {
    const { id } = await this.session(owner);
    const events$ = this.hub.watchSession(id, { textMode: 'accumulated' }).pipe(filter(({ sessionId }) => sessionId === id));
    return watchMessages(events$, () => this.messages.list(id));
  }

  /** @throws GatewayError FAILED_PRECONDITION while the session is busy */
  async clearMessages(caller: Caller): Promise<void> {
    const { id } = await this.session(caller.principal);
    await this.audit.carryOut({ action: 'message.delete', target: `${id}/*`, by: caller }, 'done', () => this.messages.clear(id));
  }

  async cancel(caller: Caller): Promise<void> {
    await this.turns.abort((await this.session(caller.principal)).id, caller);
  }

  private async findOrCreate(owner: Principal): Promise<Session> {
    const session = (await this.find(owner)) ?? (await this.sessions.create({ isWorkspaceSession: true }, owner));
    this.sessionIds.set(owner.id, session.id);
    return session;
  }

  private async find(owner: Principal): Promise<Session | undefined> {
    const sessionId = this.sessionIds.get(owner.id);
    const known = sessionId === undefined ? undefined : await this.getIfThere(sessionId);
    if (known !== undefined) return known;
    const { root } = this.pool.forDirectory(undefined).workspace;
    return (await this.sessions.list(owner)).find(
      (session) => session.isWorkspaceSession && session.directory === root && session.archivedAtMs === undefined && isFor(owner, session),
    );
  }

  private async getIfThere(sessionId: string): Promise<Session | undefined> {
    try {
      return await this.sessions.get(sessionId);
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  }
}

/** Behind the message a cursor names, or where it was before it was deleted: messages stand in the order of their times. */
function startBehind(messages: readonly Message[], cursor: string): number {
  const [time, id] = cursor.split(' ');
  const index = messages.findIndex(({ info }) => info.id === id);
  return index === -1 ? messages.filter(({ info }) => info.createdAtMs <= Number(time)).length : index + 1;
}

/** One that was made where nobody was asked who they are is left to those who may do everything. */
function isFor(owner: Principal, { ownerId }: Session): boolean {
  return ownerId === ownerIdFor(owner) || (ownerId === undefined && may(owner, 'admin'));
}
