import type { EventBody, GatewayEvent, TurnState } from './event.model.js';
import { SessionFeed, type Follower } from './session-feed.js';

const ROOT = 'ses_root';
const CHILD = 'ses_child';

function newFeed(everywhere: readonly Follower[] = []): SessionFeed {
  return new SessionFeed(ROOT, { maxEvents: 100, maxBytes: 100_000 }, new Set(everywhere));
}

function publish(feed: SessionFeed, body: EventBody, sessionId = ROOT, sequence?: number): void {
  if (sequence !== undefined) feed.positions.note(sessionId, sequence, '');
  feed.publish({ directory: '/w', sessionId, eventId: '', sequence, ...body }, 10);
}

function recorder(wish: Partial<Follower> = {}): { follower: Follower; events: GatewayEvent[] } {
  const events: GatewayEvent[] = [];
  const follower = { textMode: 'none' as const, durableOnly: false, sessionId: undefined, end: () => undefined, ...wish };
  const next = (event: GatewayEvent): number => events.push(event);
  return { events, follower: { ...follower, next, loseTrack: next } };
}

function typesIn(feed: SessionFeed): string[] {
  return feed.snapshot().map(({ type }) => type);
}

const removed: EventBody = { type: 'message_removed', messageId: 'msg_1' };
const busy: EventBody = { type: 'session_status', status: { type: 'busy' } };
const idle: EventBody = { type: 'session_status', status: { type: 'idle' } };
const question: EventBody = { type: 'question_asked', question: { id: 'que_1', sessionId: ROOT, items: [] } };
const permission: EventBody = {
  type: 'permission_asked',
  permission: {
    id: 'per_1',
    sessionId: CHILD,
    type: 'bash',
    patterns: [],
    metadata: {},
    messageId: undefined,
    callId: undefined,
    seenAtMs: 1,
  },
};

function turn(state: TurnState): EventBody {
  const rest = { requestId: '', messageId: undefined, finish: undefined, failure: undefined };
  return { type: 'turn_updated', turn: { turnId: 'msg_1', state, ...rest } };
}

describe('SessionFeed as the present state', () => {
  it('shows a busy session until it is idle', () => {
    const feed = newFeed();

    publish(feed, busy);
    const whileBusy = typesIn(feed);
    publish(feed, idle);

    expect(whileBusy).toEqual(['session_status']);
    expect(typesIn(feed)).toEqual([]);
  });

  it('shows a question until it is closed', () => {
    const feed = newFeed();

    publish(feed, question);
    const asked = feed.pendingQuestions();
    publish(feed, { type: 'question_closed', questionId: 'que_1', rejected: true });

    expect(asked).toMatchObject([{ question: { id: 'que_1' }, directory: '/w' }]);
    expect(feed.pendingQuestions()).toEqual([]);
  });

  it('shows a permission request until it is answered', () => {
    const feed = newFeed();

    publish(feed, permission, CHILD);
    const asked = feed.pendingPermissions();
    publish(feed, { type: 'permission_replied', permissionId: 'per_1', reply: 'once' }, CHILD);

    expect(asked).toMatchObject([{ permission: { id: 'per_1' } }]);
    expect(feed.pendingPermissions()).toEqual([]);
  });

  it.each(['queued', 'admitted', 'running', 'waiting'] as const)('shows a turn that is %s', (state) => {
    const feed = newFeed();

    publish(feed, turn(state));

    expect(typesIn(feed)).toEqual(['turn_updated']);
  });

  it.each(['completed', 'failed', 'aborted', 'rejected', 'interrupted'] as const)('forgets a turn that %s', (state) => {
    const feed = newFeed();
    publish(feed, turn('running'));

    publish(feed, turn(state));

    expect(typesIn(feed)).toEqual([]);
  });

  it('forgets everything of a deleted session and nothing of its parent', () => {
    const feed = newFeed();
    publish(feed, busy);
    for (const body of [busy, permission]) publish(feed, body, CHILD);

    publish(feed, { type: 'session_deleted' }, CHILD, 9);

    expect(feed.snapshot()).toMatchObject([{ type: 'session_status', sessionId: ROOT }]);
  });

  it('is idle once nothing runs, waits or listens', () => {
    const feed = newFeed();
    const { follower } = recorder();

    const stages = [
      () => publish(feed, busy),
      () => publish(feed, idle),
      () => feed.followers.add(follower),
      () => feed.followers.delete(follower),
      () => publish(feed, question),
    ].map((step) => {
      step();
      return feed.isIdle;
    });

    expect(stages).toEqual([false, true, false, true, false]);
  });
});

describe('SessionFeed telling its followers', () => {
  it('tells followers of every session too', () => {
    const { follower, events } = recorder();
    const feed = newFeed([follower]);

    publish(feed, busy);

    expect(events).toMatchObject([{ type: 'session_status', sessionId: ROOT }]);
  });

  it('tells a follower of one sub-agent nothing else', () => {
    const feed = newFeed();
    const { follower, events } = recorder({ sessionId: CHILD });
    feed.followers.add(follower);

    publish(feed, busy);
    publish(feed, busy, CHILD);

    expect(events).toMatchObject([{ sessionId: CHILD }]);
  });

  it('tells a follower of durable events nothing else', () => {
    const feed = newFeed();
    const { follower, events } = recorder({ durableOnly: true });
    feed.followers.add(follower);

    publish(feed, busy);
    publish(feed, removed, ROOT, 4);

    expect(events).toMatchObject([{ sequence: 4 }]);
  });

  it('gives every follower the same object, so that its bytes are made once', () => {
    const feed = newFeed();
    const recorders = [recorder(), recorder()];
    for (const { follower } of recorders) feed.followers.add(follower);

    publish(feed, busy);

    expect(recorders[0]?.events[0]).toBe(recorders[1]?.events[0]);
  });
});

describe('SessionFeed after a gap', () => {
  it('keeps nothing from before it', () => {
    const feed = newFeed();
    publish(feed, removed, ROOT, 0);

    feed.loseTrack();
    publish(feed, removed, ROOT, 5);

    expect(feed.ring.ordinalBehind(ROOT, { sequence: 0 })).toBeUndefined();
  });

  it('tells its followers, the durable ones too, to read the state again after a gap', () => {
    const feed = newFeed();
    const recorders = [recorder(), recorder({ durableOnly: true })];
    for (const { follower } of recorders) feed.followers.add(follower);
    publish(feed, removed, ROOT, 6);

    feed.loseTrack();

    for (const { events } of recorders) expect(events.at(-1)).toMatchObject({ type: 'resync', sessionId: ROOT, lastSequence: 6 });
  });

  it('shows no text of a part after a gap, for its beginning is unknown', () => {
    const feed = newFeed();
    const part = { type: 'text', id: 'prt_1', messageId: 'msg_1', sessionId: ROOT, text: '', ended: false } as const;
    publish(feed, { type: 'part_updated', part }, ROOT, 0);
    const growth = {
      type: 'text_growth',
      sessionId: ROOT,
      directory: '/w',
      messageId: 'msg_1',
      partId: 'prt_1',
      delta: 'a',
      eventId: '',
    } as const;
    feed.grow(growth);

    feed.loseTrack();
    feed.grow(growth);

    expect(feed.snapshot()).toEqual([]);
  });
});
