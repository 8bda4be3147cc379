import { Injectable } from '@nestjs/common';
import type { Caller } from '../../../common/access/caller.js';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import { unlessMissing } from '../../../common/errors/gateway-error.js';
import { fromPageToken, toPageToken } from '../../../common/validation/page-token.js';
import { TurnLookup } from '../../message/turn.lookup.js';
import type { Session } from '../../session/session.model.js';
import { SessionService } from '../../session/session.service.js';
import type { TaskState, TaskView } from '../a2a.model.js';
import { TaskFeeds } from './task.feeds.js';
import { contextOf } from './task-id.js';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 100;
/** Whose messages are read side by side: one after the other a page took as many waits as it has sessions. */
const SESSIONS_AT_ONCE = 8;

export interface TaskQuery {
  /** Empty: of any. */
  readonly contextId: string;
  readonly state: TaskState | undefined;
  /** Unix ms; only tasks whose state changed then or later. */
  readonly changedSinceMs: number | undefined;
  readonly pageSize: number | undefined;
  readonly pageToken: string;
}

export interface TaskPage {
  readonly tasks: readonly TaskView[];
  readonly nextPageToken: string;
  readonly pageSize: number;
  /** Of all pages up to the next; exact on the last one. */
  readonly totalSize: number;
}

type Key = Pick<TaskView, 'changedAtMs' | 'id'>;

/**
 * Lists the tasks of a caller, the newest change first.
 *
 * Sessions are read in the order of their last use and only as many as the page needs: no task changed after its session did.
 */
@Injectable()
export class TaskList {
  constructor(
    private readonly sessions: SessionService,
    private readonly lookup: TurnLookup,
    private readonly feeds: TaskFeeds,
  ) {}

  /** @throws GatewayError INVALID_ARGUMENT naming the field */
  async list(query: TaskQuery, { principal }: Caller): Promise<TaskPage> {
    const pageSize = toPageSize(query.pageSize);
    const after = toKey(query.pageToken);
    const sessions = (await this.sessions.list(principal))
      .filter((session) => session.parentId === undefined && isOf(session, query.contextId))
      .sort((left, right) => right.updatedAtMs - left.updatedAtMs);
    const found: TaskView[] = [];
    let passed = 0;
    for (let next = 0; next < sessions.length; next += SESSIONS_AT_ONCE) {
      const batch = sessions.slice(next, next + SESSIONS_AT_ONCE);
      // Whatever comes now changed earlier than what the page holds.
      if (found.length > pageSize && (found[pageSize]?.changedAtMs ?? 0) >= (batch[0]?.updatedAtMs ?? 0)) break;
      const read = await Promise.all(batch.map((session) => this.tasksOf(session)));
      const matching = read.flat().filter((task) => matches(task, query));
      const behind = after === undefined ? matching : matching.filter((task) => isBehind(task, after));
      passed += matching.length - behind.length;
      found.push(...behind);
      found.sort(byNewest);
    }
    const tasks = found.slice(0, pageSize);
    const last = tasks.at(-1);
    const nextPageToken = last !== undefined && found.length > pageSize ? toPageToken(`${last.changedAtMs} ${last.id}`) : '';
    return { tasks, nextPageToken, pageSize, totalSize: passed + found.length };
  }

  private async tasksOf(session: Session): Promise<TaskView[]> {
    const turns = (await this.lookup.list(session).catch(unlessMissing)) ?? [];
    return Promise.all(turns.map((turn) => this.feeds.view(session, turn)));
  }
}

function isOf(session: Session, contextId: string): boolean {
  return contextId === '' || session.contextId === contextId || contextOf(session.id) === contextId;
}

function matches({ state, changedAtMs }: TaskView, query: TaskQuery): boolean {
  if (query.state !== undefined && state !== query.state) return false;
  return query.changedSinceMs === undefined || changedAtMs >= query.changedSinceMs;
}

function byNewest(left: Key, right: Key): number {
  return right.changedAtMs - left.changedAtMs || (left.id < right.id ? -1 : 1);
}

function isBehind(task: Key, after: Key): boolean {
  return byNewest(task, after) > 0 && task.id !== after.id;
}

function toPageSize(wish: number | undefined): number {
  if (wish === undefined || wish === 0) return DEFAULT_PAGE_SIZE;
  if (wish < 1 || wish > MAX_PAGE_SIZE) throw GatewayError.invalid('pageSize', `must be 1 to ${MAX_PAGE_SIZE}`);
  return wish;
}

function toKey(token: string): Key | undefined {
  const position = fromPageToken(token);
  if (position === undefined) return undefined;
  const [, changedAtMs, id = ''] = /^(\d+) (.+)$/.exec(position) ?? [];
  if (changedAtMs === undefined) throw GatewayError.invalid('pageToken', 'is not a token of this list');
  return { changedAtMs: Number(changedAtMs), id };
}
