import { from, lastValueFrom, mergeMap, toArray } from 'rxjs';
import { GatewayError, unlessMissing } from '../../common/errors/gateway-error.js';
import type { OpencodeMember } from '../../common/opencode/opencode.pool.js';
import { fromUpstreamMessage, fromUpstreamPart } from '../message/message.mapper.js';
import { fromUpstreamPermission } from '../permission/permission.mapper.js';
import { fromUpstreamQuestion } from '../question/question.mapper.js';
import { fromUpstreamSession, fromUpstreamStatus } from '../session/session.mapper.js';
import type { Session } from '../session/session.model.js';
import type { GatewayEvent } from './event.model.js';

/** Directories are found through the sessions that were used last. */
const RECENT_SESSIONS = 1_000;
/** Each costs three calls, and in OpenCode the opening of a directory that nobody used since its start. */
const MAX_DIRECTORIES = 200;
const DIRECTORIES_AT_ONCE = 8;
/** The newest messages that a reader gets who cannot be told what it missed; older ones it can ask for. */
const STATE_MESSAGES = 100;

export interface Present {
  /** Those used last, and those that do something. */
  readonly sessions: readonly Session[];
  /** Of the same; undefined for roots. */
  readonly parents: Map<string, string | undefined>;
  readonly askedIds: ReadonlySet<string>;
  /** Directories that OpenCode cannot open, as one with a broken configuration: what is believed of these stays. */
  readonly unread: ReadonlySet<string>;
  /** Statuses that differ from what is believed, and what is asked. */
  readonly events: readonly GatewayEvent[];
}

/** A session that was busy or asked something when we last knew. */
export interface Concerned {
  readonly sessionId: string;
  readonly directory: string;
}

/**
 * What OpenCode says of itself now, read after a connect, when events before it were missed.
 *
 * Statuses and pending requests exist only per directory and only in OpenCode's memory. The directories of those concerned are always read.
 */
export async function readPresent({ client, workspace }: OpencodeMember, concerned: readonly Concerned[], nowMs: number): Promise<Present> {
  const sessions = (await client.sessions(RECENT_SESSIONS)).filter(({ directory }) => workspace.contains(directory));
  const known = new Set([workspace.root, ...concerned.map(({ directory }) => directory)]);
  for (const { directory } of sessions) if (known.size < MAX_DIRECTORIES) known.add(directory);
  const answers = await lastValueFrom(
    from(known).pipe(
      mergeMap((directory) => readDirectory(client, directory), DIRECTORIES_AT_ONCE),
      toArray(),
    ),
  );
  const reads = answers.filter((answer) => answer !== undefined);
  const unread = new Set(known);
  for (const { directory } of reads) unread.delete(directory);
  const events = reads.flatMap((read) => toEvents(read, nowMs));
  const busyIds = new Set(reads.flatMap(({ statuses }) => Object.keys(statuses)));
  const ended = concerned.filter(({ sessionId, directory }) => !busyIds.has(sessionId) && !unread.has(directory));
  const { family, goneIds } = await familyOf(client, sessions, new Set(events.map(({ sessionId }) => sessionId)));
  return {
    sessions: [...family.values()],
    parents: parentsOf(family, goneIds),
    askedIds: new Set(reads.flatMap(({ permissions, questions }) => [...permissions, ...questions].map(({ id }) => id))),
    unread,
    events: [
      ...ended.map(({ sessionId, directory }) => transient(sessionId, directory, { type: 'session_status', status: { type: 'idle' } })),
      ...events.filter(({ sessionId }) => !goneIds.has(sessionId)),
    ],
  };
}

/** Undefined when OpenCode cannot open the directory: one must not cost the others. @throws GatewayError UNAVAILABLE */
async function readDirectory(client: OpencodeMember['client'], directory: string): Promise<Read | undefined> {
  try {
    const [statuses, permissions, questions] = await Promise.all([
      client.statuses(directory),
      client.permissions(directory),
      client.questions(directory),
    ]);
    return { directory, statuses, permissions, questions };
  } catch (error) {
    if (error instanceof GatewayError && error.code !== 'UNAVAILABLE') return undefined;
    throw error;
  }
}

/** The sessions, and those that do something also when they are older than the others; and which of these are gone. */
async function familyOf(
  client: OpencodeMember['client'],
  sessions: Awaited<ReturnType<OpencodeMember['client']['sessions']>>,
  activeIds: ReadonlySet<string>,
): Promise<{ readonly family: ReadonlyMap<string, Session>; readonly goneIds: ReadonlySet<string> }> {
  const family = new Map(sessions.map((session) => [session.id, fromUpstreamSession(session)]));
  const goneIds = new Set<string>();
  for (const activeId of activeIds) {
    for (let id: string | undefined = activeId; id !== undefined && !family.has(id) && !goneIds.has(id);) {
      const session: Awaited<ReturnType<typeof client.session>> | undefined = await client.session(id).catch(unlessMissing);
      if (session === undefined) goneIds.add(id);
      else family.set(id, fromUpstreamSession(session));
      id = session?.parentID;
    }
  }
  return { family, goneIds };
}

function parentsOf(family: ReadonlyMap<string, Session>, goneIds: ReadonlySet<string>): Present['parents'] {
  const parents: Present['parents'] = new Map([...goneIds].map((id) => [id, undefined]));
  for (const { id, parentId } of family.values()) parents.set(id, parentId);
  return parents;
}

/** A session and its newest messages as they are now, as events without a place in the history. @throws GatewayError NOT_FOUND */
export async function readSessionState({ client }: OpencodeMember, sessionId: string): Promise<readonly GatewayEvent[]> {
  const session = fromUpstreamSession(await client.session(sessionId));
  const { messages } = await client.messages(sessionId, STATE_MESSAGES);
  const origin = { directory: session.directory, sessionId, eventId: '', sequence: undefined };
  return [
    { ...origin, type: 'session_updated', session },
    ...messages.flatMap(({ info, parts }): GatewayEvent[] => [
      { ...origin, type: 'message_updated', message: fromUpstreamMessage(info) },
      ...parts.flatMap((part) => fromUpstreamPart(part) ?? []).map((part) => ({ ...origin, type: 'part_updated' as const, part })),
    ]),
  ];
}

type Read = {
  readonly directory: string;
  readonly statuses: Awaited<ReturnType<OpencodeMember['client']['statuses']>>;
  readonly permissions: Awaited<ReturnType<OpencodeMember['client']['permissions']>>;
  readonly questions: Awaited<ReturnType<OpencodeMember['client']['questions']>>;
};

function toEvents({ directory, statuses, permissions, questions }: Read, nowMs: number): GatewayEvent[] {
  return [
    ...Object.entries(statuses).map(([sessionId, status]) =>
      transient(sessionId, directory, { type: 'session_status', status: fromUpstreamStatus(status) }),
    ),
    ...permissions.map((permission) =>
      transient(permission.sessionID, directory, { type: 'permission_asked', permission: fromUpstreamPermission(permission, nowMs) }),
    ),
    ...questions.map((question) =>
      transient(question.sessionID, directory, { type: 'question_asked', question: fromUpstreamQuestion(question) }),
    ),
  ];
}

type TransientBody =
  Extract<GatewayEvent, { type: 'session_status' | 'permission_asked' | 'question_asked' }> extends infer E
    ? E extends GatewayEvent
      ? Omit<E, 'directory' | 'sessionId' | 'eventId' | 'sequence'>
      : never
    : never;

function transient(sessionId: string, directory: string, body: TransientBody): GatewayEvent {
  return { directory, sessionId, eventId: '', sequence: undefined, ...body };
}
