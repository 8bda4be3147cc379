import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { MessageService } from '../../message/message.service.js';
import type { Session } from '../../session/session.model.js';
import { SessionService } from '../../session/session.service.js';
import type { A2ACall } from '../a2a.call.js';
import { PAGINATION } from '../contracts/methods.js';
import { ExtensionError, type ExtensionMethod } from '../extension-method.js';
import { toMessageJson, toTaskJson } from './a2a-items.mapper.js';
import { id, metadata, optional, parseParams, type Params } from './extension.params.js';
import { SessionCheck } from './session.check.js';

const { defaultLimit, maxLimit, unsupported } = PAGINATION;

const count = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\s*[+-]?\d+\s*$/)
        .transform(Number),
    ],
    { error: 'must be an integer' },
  )
  .pipe(z.int({ error: 'must be an integer' }).min(1, { error: 'must be >= 1' }));
const limit = optional(count);
const filters = {
  directory: optional(z.string()),
  roots: optional(z.boolean()),
  start: optional(z.int()),
  search: optional(z.string()),
};
/** What stands in `query` beside these was never looked at. */
const listParams = z.strictObject({ limit, ...filters, query: optional(z.looseObject({ limit, ...filters })), metadata });
const before = optional(z.string());
const messagesParams = z.strictObject({ session_id: id, limit, before, query: optional(z.looseObject({ limit, before })), metadata });

/** Sessions and their messages, page by page. */
@Injectable()
export class SessionsList {
  readonly methods: readonly ExtensionMethod[] = [
    { name: 'opencode.sessions.list', scope: 'read', run: (params, call) => this.list(params, call) },
    { name: 'opencode.sessions.messages.list', scope: 'read', run: (params, call) => this.messageList(params, call) },
  ];

  constructor(
    private readonly check: SessionCheck,
    private readonly sessions: SessionService,
    private readonly messages: MessageService,
  ) {}

  /** `{items: Task[]}`: the caller's sessions, the one that changed last first. */
  private async list(params: Params, { caller, version }: A2ACall): Promise<unknown> {
    requireLimitPaging(params);
    const { query, ...top } = parseParams(listParams, params);
    const { roots = query?.roots, start = query?.start, search = query?.search } = top;
    const directory = this.check.directoryOf({ directory: top.directory ?? query?.directory, metadata: top.metadata });
    const isWanted = (session: Session): boolean =>
      (directory === undefined || session.directory === directory) &&
      (roots !== true || session.parentId === undefined) &&
      (start === undefined || session.updatedAtMs >= start) &&
      (search === undefined || session.title.toLowerCase().includes(search.toLowerCase()));
    const sessions = (await this.sessions.list(caller.principal))
      .filter(isWanted)
      .sort((left, right) => right.updatedAtMs - left.updatedAtMs);
    return { items: sessions.slice(0, oneLimit(top.limit, query?.limit)).map((session) => toTaskJson(session, version)) };
  }

  /** `{items: Message[], next_cursor?}`: the newest, in the order in which they were said; `before` takes a cursor for older ones. */
  private async messageList(params: Params, call: A2ACall): Promise<unknown> {
    requireLimitPaging(params);
    const { session_id: wantedId, query, ...top } = parseParams(messagesParams, params);
    const pageSize = oneLimit(top.limit, query?.limit);
    this.check.directoryOf(top);
    const sessionId = await this.check.admit(wantedId, call);
    const page = await this.messages.listPage(sessionId, pageSize, top.before ?? query?.before ?? '');
    const items = page.messages.map((message) => toMessageJson(message, call.version));
    return { items, ...(page.nextPageToken !== '' && { next_cursor: page.nextPageToken }) };
  }
}

/** @throws ExtensionError INVALID_PAGINATION_MODE */
function requireLimitPaging(params: Params): void {
  const { query } = params;
  const asked = [params, typeof query === 'object' && query !== null ? query : {}];
  if (!unsupported.some((field) => asked.some((place) => field in place))) return;
  throw new ExtensionError('INVALID_PAGINATION_MODE', 'Only limit pagination is supported', {
    supported: ['limit'],
    unsupported: [...unsupported],
  });
}

/** The same number in both places, whichever way it is written. @throws ExtensionError INVALID_FIELD; above the maximum it is not cut */
function oneLimit(top: number | undefined, query: number | undefined): number {
  if (top !== undefined && query !== undefined && top !== query)
    throw new ExtensionError('INVALID_FIELD', 'limit is ambiguous between params.limit and params.query.limit', { field: 'limit' });
  const wanted = top ?? query ?? defaultLimit;
  if (wanted > maxLimit) throw new ExtensionError('INVALID_FIELD', `limit must be <= ${maxLimit}`, { field: 'limit', max: maxLimit });
  return wanted;
}
