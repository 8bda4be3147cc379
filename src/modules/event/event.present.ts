import type { OpencodeMember } from '../../common/opencode/opencode.pool.js';
import { fromUpstreamMessage, fromUpstreamPart } from '../message/message.mapper.js';
import { fromUpstreamPermission } from '../permission/permission.mapper.js';
import { fromUpstreamQuestion } from '../question/question.mapper.js';
import { fromUpstreamSession, fromUpstreamStatus } from '../session/session.mapper.js';
import type { GatewayEvent } from './event.model.js';

/** Directories are found through the sessions that were used last; each costs three calls. */
const RECENT_SESSIONS = 200;
const MAX_DIRECTORIES = 50;
/** The newest messages that a reader gets who cannot be told what it missed; older ones it can ask for. */
const STATE_MESSAGES = 100;

export interface Present {
  readonly children: readonly { readonly id: string; readonly parentId: string }[];
  readonly askedIds: ReadonlySet<string>;
  /** Statuses that differ from what is believed, and what is asked. */
  readonly events: readonly GatewayEvent[];
}

/**
 * What OpenCode says of itself now, read after a connect, when events before it were missed.
 *
 * Statuses and pending requests exist only per directory and only in OpenCode's memory.
 */
export async function readPresent(
  { client, workspace }: OpencodeMember,
  believedBusy: readonly { readonly sessionId: string; readonly directory: string }[],
  nowMs: number,
): Promise<Present> {
  const sessions = (await client.sessions(RECENT_SESSIONS)).filter(({ directory }) => workspace.contains(directory));
  const directories = [...new Set([workspace.root, ...sessions.map(({ directory }) => directory)])].slice(0, MAX_DIRECTORIES);
  const perDirectory = await Promise.all(
    directories.map(async (directory) => {
      const [statuses, permissions, questions] = await Promise.all([
        client.statuses(directory),
        client.permissions(directory),
        client.questions(directory),
      ]);
      return { directory, statuses, permissions, questions };
    }),
  );
  const busyIds = new Set(perDirectory.flatMap(({ statuses }) => Object.keys(statuses)));
  const ended = believedBusy.filter(({ sessionId }) => !busyIds.has(sessionId));
  return {
    children: sessions.flatMap(({ id, parentID }) => (parentID === undefined ? [] : [{ id, parentId: parentID }])),
    askedIds: new Set(perDirectory.flatMap(({ permissions, questions }) => [...permissions, ...questions].map(({ id }) => id))),
    events: [
      ...ended.map(({ sessionId, directory }) => transient(sessionId, directory, { type: 'session_status', status: { type: 'idle' } })),
      ...perDirectory.flatMap((read) => toEvents(read, nowMs)),
    ],
  };
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
