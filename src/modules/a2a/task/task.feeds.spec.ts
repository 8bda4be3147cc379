import { Observable, Subject } from 'rxjs';
import type { EventHub } from '../../event/event.hub.js';
import type { GatewayEvent, TurnUpdate } from '../../event/event.model.js';
import type { Message } from '../../message/message.model.js';
import type { Turn } from '../../message/turn.js';
import type { KnownTurn, TurnLookup } from '../../message/turn.lookup.js';
import type { Session } from '../../session/session.model.js';
import { MemoryTaskStore } from '../store/memory-task.store.js';
import type { TaskFeed } from './task.feed.js';
import { TaskFeeds } from './task.feeds.js';
import type { TaskMetrics } from './task.metrics.js';
import { toTaskRef } from './task-id.js';

const session = { id: 'ses_1', title: 'test', contextId: undefined } as Session;
const ref = toTaskRef('ses_1', 'msg_1');
const own = { info: { id: 'msg_1', role: 'user', createdAtMs: 1 }, parts: [] } as unknown as Message;

function update(state: TurnUpdate['state']): TurnUpdate {
  return { turnId: 'msg_1', state, requestId: '', messageId: undefined, finish: undefined, failure: undefined };
}

describe('TaskFeeds', () => {
  let followers: number;
  let events$: Subject<GatewayEvent>;
  let find: jest.Mock<Promise<KnownTurn | undefined>>;
  let feeds: TaskFeeds;

  const begin = (): Promise<TaskFeed> => {
    const newTurn = (): Turn => {
      const turn = { id: 'msg_1', principalId: 'me', createdAtMs: Date.now(), isEnded: false, toUpdate: () => update('running') };
      return turn as unknown as Turn;
    };
    const said = { messageId: 'm', parts: [] };
    return feeds.begin({ session, contextId: 'ctx', outputModes: [], said, begin: () => Promise.resolve(newTurn()) });
  };
  const end = async (feed: TaskFeed): Promise<void> => {
    events$.next({ directory: '', sessionId: 'ses_1', eventId: '', sequence: undefined, type: 'turn_updated', turn: update('completed') });
    await feed.untilStateChanged(feed.statusSequence, new AbortController().signal);
  };

  beforeEach(() => {
    followers = 0;
    events$ = new Subject();
    const watchSession = (): Observable<GatewayEvent> =>
      new Observable((subscriber) => {
        followers += 1;
        const subscription = events$.subscribe(subscriber);
        return () => {
          followers -= 1;
          subscription.unsubscribe();
        };
      });
    find = jest.fn(() => Promise.resolve({ update: update('running'), own, messages: [] }));
    const metrics = { onAsk: jest.fn(), onResolution: jest.fn() } as unknown as TaskMetrics;
    feeds = new TaskFeeds({ watchSession } as unknown as EventHub, { find } as unknown as TurnLookup, new MemoryTaskStore(), metrics);
  });

  afterEach(() => jest.useRealTimers());

  it('follows a task once, however many open it at the same time', async () => {
    const opened = await Promise.all([feeds.open(ref, session), feeds.open(ref, session), feeds.open(ref, session)]);

    expect(new Set(opened).size).toBe(1);
    expect(followers).toBe(1);
  });

  it('follows a task once that begins while somebody opens it', async () => {
    let answer: (known: KnownTurn) => void = () => undefined;
    find.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    const opening = feeds.open(ref, session);

    const begun = await begin();
    answer({ update: update('running'), own, messages: [] });

    expect(await opening).toBe(begun);
    expect(followers).toBe(1);
    await end(begun);
    expect(followers).toBe(0);
  });

  it('hears no more of a task that has ended, keeps it at hand for a minute, and then forgets it', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    const feed = await begin();

    await end(feed);

    expect(followers).toBe(0);
    expect(feeds.find(ref.id)).toBe(feed);
    jest.advanceTimersByTime(59_000);
    expect(feeds.find(ref.id)).toBe(feed);
    jest.advanceTimersByTime(1_000);
    expect(feeds.find(ref.id)).toBeUndefined();
  });

  it('keeps nothing of what has ended before somebody looks', async () => {
    find.mockResolvedValue({ update: update('completed'), own, messages: [] });

    expect((await feeds.open(ref, session)).state).toBe('completed');
    expect(feeds.find(ref.id)).toBeUndefined();
    expect(followers).toBe(0);
  });

  it('keeps nothing of a task that nobody knows', async () => {
    find.mockResolvedValue(undefined);

    await expect(feeds.open(ref, session)).rejects.toMatchObject({ code: 'NOT_FOUND', reason: 'TASK_NOT_FOUND' });
    expect(followers).toBe(0);
  });

  it('breaks off what it hears of no longer, and opens it anew for who comes back', async () => {
    const feed = await begin();
    const broken = events$;
    events$ = new Subject();

    broken.error(new Error('the gateway stops'));

    expect(feed.isOver).toBe(true);
    expect(await feeds.open(ref, session)).not.toBe(feed);
    expect(followers).toBe(1);
  });

  it('leaves nobody behind when the gateway stops', async () => {
    await begin();

    feeds.onModuleDestroy();

    expect(followers).toBe(0);
  });
});
