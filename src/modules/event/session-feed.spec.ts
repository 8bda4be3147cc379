import { messageInfo } from '../../../test/fixtures/message-info.js';
import type { EventBody, GatewayEvent } from './event.model.js';
import { GROWTH_INTERVAL_MS } from './growing-texts.js';
import { SessionFeed, type Follower } from './session-feed.js';

const ROOT = 'ses_root';
const CHILD = 'ses_child';

class Listener implements Follower {
  readonly events: GatewayEvent[] = [];

  constructor(
    readonly textMode: Follower['textMode'] = 'none',
    readonly sessionId: string | undefined = undefined,
    readonly durableOnly = false,
  ) {}

  next(event: GatewayEvent): void {
    this.events.push(event);
  }

  loseTrack(event: GatewayEvent): void {
    this.events.push(event);
  }

  end(): void {
    // Nobody ends it here.
  }

  get texts(): string[] {
    return this.events.flatMap((event) => (event.type === 'part_updated' && 'text' in event.part ? [event.part.text] : []));
  }

  get deltas(): string[] {
    return this.events.flatMap((event) => (event.type === 'part_delta' ? [event.delta.delta] : []));
  }
}

function newFeed(everywhere: readonly Follower[] = []): SessionFeed {
  return new SessionFeed(ROOT, { maxEvents: 100, maxBytes: 100_000 }, new Set(everywhere));
}

function publish(feed: SessionFeed, body: EventBody, { sessionId = ROOT, sequence }: { sessionId?: string; sequence?: number } = {}): void {
  if (sequence !== undefined) feed.positions.note(sessionId, sequence, '');
  feed.publish({ directory: '/w', sessionId, eventId: '', sequence, ...body }, 10);
}

function open(feed: SessionFeed, sequence: number, id = 'prt_1'): void {
  const part = { type: 'text', id, messageId: 'msg_1', sessionId: ROOT, text: '', ended: false } as const;
  publish(feed, { type: 'part_updated', part }, { sequence });
}

function close(feed: SessionFeed, sequence: number, text: string): void {
  const part = { type: 'text', id: 'prt_1', messageId: 'msg_1', sessionId: ROOT, text, ended: true } as const;
  publish(feed, { type: 'part_updated', part }, { sequence });
}

function grow(feed: SessionFeed, delta: string, partId = 'prt_1'): void {
  feed.grow({ type: 'text_growth', sessionId: ROOT, directory: '/w', messageId: 'msg_1', partId, delta, eventId: '' });
}

function follow(feed: SessionFeed, follower: Listener): Listener {
  feed.followers.add(follower);
  return follower;
}

const retry: EventBody = { type: 'session_status', status: { type: 'retry', attempt: 1, message: '', nextAttemptAtMs: 1 } };

const COMPLETED = messageInfo({ sessionId: ROOT, completedAtMs: 2 });

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('SessionFeed for a reader of accumulated text', () => {
  it('tells the first growth at once', () => {
    const feed = newFeed();
    const reader = follow(feed, new Listener('accumulated'));
    open(feed, 0);

    grow(feed, 'a');

    expect(reader.texts).toEqual(['', 'a']);
  });

  it('tells growth within the interval together at its end', () => {
    const feed = newFeed();
    const reader = follow(feed, new Listener('accumulated'));
    open(feed, 0);
    for (const delta of ['a', 'b', 'c']) grow(feed, delta);

    jest.advanceTimersByTime(GROWTH_INTERVAL_MS - 1);
    const before = [...reader.texts];
    jest.advanceTimersByTime(1);

    expect(before).toEqual(['', 'a']);
    expect(reader.texts).toEqual(['', 'a', 'abc']);
  });

  it('tells growth after a pause at once again', () => {
    const feed = newFeed();
    const reader = follow(feed, new Listener('accumulated'));
    open(feed, 0);
    grow(feed, 'a');
    jest.advanceTimersByTime(GROWTH_INTERVAL_MS);

    grow(feed, 'b');

    expect(reader.texts).toEqual(['', 'a', 'ab']);
  });

  it('throttles each part by itself', () => {
    const feed = newFeed();
    const reader = follow(feed, new Listener('accumulated'));
    open(feed, 0);
    open(feed, 1, 'prt_2');

    grow(feed, 'a');
    grow(feed, 'b', 'prt_2');

    expect(reader.texts).toEqual(['', '', 'a', 'b']);
  });

  it('tells the final text at once and nothing of the part after it', () => {
    const feed = newFeed();
    const reader = follow(feed, new Listener('accumulated'));
    open(feed, 0);
    for (const delta of ['a', 'b']) grow(feed, delta);

    close(feed, 1, 'ab');
    jest.advanceTimersByTime(10 * GROWTH_INTERVAL_MS);

    expect(reader.texts).toEqual(['', 'a', 'ab']);
  });

  it('tells no deltas', () => {
    const feed = newFeed();
    const reader = follow(feed, new Listener('accumulated'));
    open(feed, 0);

    grow(feed, 'a');

    expect(reader.deltas).toEqual([]);
  });

  it('starts no timer when nobody reads accumulated text', () => {
    const feed = newFeed();
    follow(feed, new Listener('delta'));
    open(feed, 0);

    for (const delta of ['a', 'b']) grow(feed, delta);

    expect(jest.getTimerCount()).toBe(0);
  });

  it('lets its timers go when it is closed', () => {
    const feed = newFeed();
    follow(feed, new Listener('accumulated'));
    open(feed, 0);
    for (const delta of ['a', 'b']) grow(feed, delta);

    feed.close();

    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('SessionFeed for a reader of deltas', () => {
  it('tells every delta with its place', () => {
    const feed = newFeed();
    const reader = follow(feed, new Listener('delta'));
    open(feed, 0);

    for (const delta of ['a', 'ü', 'c']) grow(feed, delta);

    expect(reader.events.slice(1)).toMatchObject([
      { delta: { delta: 'a', offset: 0 } },
      { delta: { delta: 'ü', offset: 1 } },
      { delta: { delta: 'c', offset: 3 } },
    ]);
  });

  it('begins a late reader with the text so far, so that the next delta fits', () => {
    const feed = newFeed();
    open(feed, 0);
    for (const delta of ['a', 'b']) grow(feed, delta);

    const [snapshot] = feed.snapshot();
    const reader = follow(feed, new Listener('delta'));
    grow(feed, 'c');

    expect(snapshot).toMatchObject({ type: 'part_updated', sequence: undefined, part: { text: 'ab', ended: false } });
    expect(reader.events).toMatchObject([{ delta: { delta: 'c', offset: 2 } }]);
  });

  it('ignores growth of a part it never saw begin', () => {
    const feed = newFeed();
    const reader = follow(feed, new Listener('delta'));

    grow(feed, 'tail', 'prt_unknown');

    expect(reader.events).toEqual([]);
  });

  it('tells a reader of no text neither deltas nor growth', () => {
    const feed = newFeed();
    const reader = follow(feed, new Listener('none'));
    open(feed, 0);

    grow(feed, 'a');

    expect(reader.texts).toEqual(['']);
  });
});

describe('SessionFeed when an attempt fails', () => {
  it('tells readers to forget the open parts of a retried answer', () => {
    const feed = newFeed();
    const reader = follow(feed, new Listener('delta'));
    open(feed, 0);
    grow(feed, 'lost');

    publish(feed, retry);

    expect(reader.events).toContainEqual(expect.objectContaining({ type: 'part_removed', messageId: 'msg_1', partId: 'prt_1' }));
  });

  it('shows a late reader nothing of a retried answer', () => {
    const feed = newFeed();
    open(feed, 0);
    grow(feed, 'lost');

    publish(feed, retry);

    expect(feed.snapshot().map(({ type }) => type)).toEqual(['session_status']);
  });

  it('tells readers to forget a part that is still open when its message is complete', () => {
    const feed = newFeed();
    const reader = follow(feed, new Listener('delta'));
    open(feed, 0);
    grow(feed, 'lost');

    publish(feed, { type: 'message_updated', message: { ...COMPLETED, id: 'msg_1' } }, { sequence: 1 });

    expect(reader.events.at(-2)).toMatchObject({ type: 'part_removed', partId: 'prt_1' });
    expect(feed.snapshot()).toEqual([]);
  });

  it('keeps the open parts of other messages when one is complete', () => {
    const feed = newFeed();
    open(feed, 0);
    grow(feed, 'kept');

    publish(feed, { type: 'message_updated', message: { ...COMPLETED, id: 'msg_0' } }, { sequence: 1 });

    expect(feed.snapshot()).toHaveLength(1);
  });

  it('keeps the open parts of other sessions on a retry', () => {
    const feed = newFeed();
    open(feed, 0);
    grow(feed, 'kept');

    publish(feed, retry, { sessionId: CHILD });

    expect(feed.snapshot()).toContainEqual(expect.objectContaining({ part: expect.objectContaining({ text: 'kept' }) as unknown }));
  });
});
