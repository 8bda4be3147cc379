import { Subject } from 'rxjs';
import { GatewayError } from '../errors/gateway-error.js';
import { FakeSink, type Note } from '../../../test/support/fake-sink.js';
import { describeDelivery } from './delivery.js';
import { RESET_AFTER_MS, writeBounded } from './bounded-writer.js';

const error = new Error('upstream broke');

function setUp({ maxMessages = 3, maxBytes = 1_000 } = {}) {
  const source = new Subject<Note>();
  const sink = new FakeSink();
  const subscription = writeBounded(source, sink, { maxMessages, maxBytes });
  const send = (...names: string[]): void => names.forEach((name) => source.next({ name }));
  return { source, sink, subscription, send };
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('writeBounded to a peer that keeps up', () => {
  it('writes at once and in order', () => {
    const { sink, send } = setUp();

    send('a', 'b', 'c', 'd', 'e');

    expect(sink.log).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('ends the stream when the source does', () => {
    const { source, sink, send } = setUp();
    send('a');

    source.complete();

    expect(sink.log).toEqual(['a', '<end>']);
  });

  it('fails the stream with the error of the source', () => {
    const { source, sink } = setUp();

    source.error(error);

    expect(sink.log).toEqual(['<fail>']);
    expect(sink.error).toBe(error);
  });
});

describe('writeBounded with a message that cannot be written', () => {
  it('fails that stream alone and leaves the source to its other readers', () => {
    const { source, sink, send } = setUp();
    const other = new FakeSink();
    sink.encode = () => {
      throw error;
    };
    writeBounded(source, other, { maxMessages: 3, maxBytes: 1_000 });

    send('a');

    expect(sink.log).toEqual(['<fail>']);
    expect(other.log).toEqual(['a']);
  });
});

describe('writeBounded to a peer that cannot take more for now', () => {
  it('writes nothing until the peer drains, then everything in order', () => {
    const { sink, send } = setUp();
    sink.willing = false;
    send('a', 'b', 'c');
    const before = [...sink.log];

    sink.willing = true;
    sink.drain();
    send('d');

    expect(before).toEqual(['a']);
    expect(sink.log).toEqual(['a', 'b', 'c', 'd']);
  });

  it('stops again when the peer is full again', () => {
    const { sink, send } = setUp();
    sink.willing = false;
    send('a', 'b', 'c');

    sink.drain();

    expect(sink.log).toEqual(['a', 'b']);
  });

  it('does not let a new message pass those that wait', () => {
    const { sink, send } = setUp();
    sink.willing = false;
    send('a', 'b', 'c');
    sink.drain();
    sink.willing = true;

    send('d');
    sink.drain();

    expect(sink.log).toEqual(['a', 'b', 'c', 'd']);
  });

  it('ends the stream only after what waits was written', () => {
    const { source, sink, send } = setUp();
    sink.willing = false;
    send('a', 'b');
    source.complete();
    const before = [...sink.log];

    sink.willing = true;
    sink.drain();

    expect(before).toEqual(['a']);
    expect(sink.log).toEqual(['a', 'b', '<end>']);
  });

  it('fails the stream only after what waits was written', () => {
    const { source, sink, send } = setUp();
    sink.willing = false;
    send('a', 'b');
    source.error(new Error('late'));
    const before = [...sink.log];

    sink.willing = true;
    sink.drain();

    expect(before).toEqual(['a']);
    expect(sink.log).toEqual(['a', 'b', '<fail>']);
  });

  it('ends the stream once, though the peer drains after it', () => {
    const { source, sink, send } = setUp();
    sink.willing = false;
    send('a');
    source.complete();

    sink.drain();

    expect(sink.log).toEqual(['a', '<end>']);
  });

  it('writes only the newest of messages that supersede each other', () => {
    const { source, sink, send } = setUp();
    sink.willing = false;
    send('a');
    for (const name of ['t', 'te', 'tex', 'text']) {
      const message = { name };
      describeDelivery(message, { supersedes: 'part' });
      source.next(message);
    }

    sink.willing = true;
    sink.drain();

    expect(sink.log).toEqual(['a', 'text']);
  });

  it('writes what supersedes others and may not be superseded itself, without those', () => {
    const { source, sink, send } = setUp();
    sink.willing = false;
    send('a');
    for (const [name, isLasting] of [
      ['t', false],
      ['text', true],
      ['next', false],
    ] as const) {
      const message = { name };
      describeDelivery(message, { supersedes: 'part', isLasting });
      source.next(message);
    }

    sink.willing = true;
    sink.drain();

    expect(sink.log).toEqual(['a', 'text', 'next']);
  });
});

describe('writeBounded when its reader leaves', () => {
  it('stops the source when the peer closes', () => {
    const { source, sink } = setUp();

    sink.close();

    expect(source.observed).toBe(false);
  });

  it('stops the source and leaves the sink alone when it is unsubscribed', () => {
    const { source, sink, subscription, send } = setUp();

    subscription.unsubscribe();
    send('a');

    expect(source.observed).toBe(false);
    expect(sink.log).toEqual([]);
  });

  it('leaves the sink alone when it is unsubscribed before the last messages could be written', () => {
    const { source, sink, subscription, send } = setUp();
    sink.willing = false;
    send('a', 'b');
    source.complete();

    subscription.unsubscribe();
    sink.drain();

    expect(sink.log).toEqual(['a']);
  });
});

describe('writeBounded to a peer that is too slow', () => {
  function overflow(): ReturnType<typeof setUp> {
    const all = setUp({ maxMessages: 2 });
    for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) {
      if (name === 'b') all.sink.willing = false;
      all.source.next({ name, position: String(40 + index) });
    }
    all.send('e');
    return all;
  }

  it('ends the reader with RESOURCE_EXHAUSTED', () => {
    const { sink } = overflow();

    expect(sink.error).toBeInstanceOf(GatewayError);
    expect(sink.error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', reason: 'SLOW_READER' });
  });

  it('names the position of the last message that was written', () => {
    const { sink } = overflow();

    expect(sink.log).toEqual(['a', 'b', '<fail>']);
    expect(sink.error).toMatchObject({ metadata: { lastSequence: '41' } });
  });

  it('names no position when none was written', () => {
    const { sink, send } = setUp({ maxMessages: 1 });
    sink.willing = false;

    send('a', 'b', 'c');

    expect(sink.error).toMatchObject({ metadata: {} });
  });

  it('stops the source and writes nothing more', () => {
    const { source, sink, send } = overflow();

    send('f');
    sink.willing = true;
    sink.drain();

    expect(source.observed).toBe(false);
    expect(sink.log).toEqual(['a', 'b', '<fail>']);
  });

  it('resets a peer that does not take its error in time', () => {
    const { sink } = overflow();

    jest.advanceTimersByTime(RESET_AFTER_MS - 1);
    const before = sink.log.includes('<destroy>');
    jest.advanceTimersByTime(1);

    expect(before).toBe(false);
    expect(sink.log.at(-1)).toBe('<destroy>');
  });

  it('does not reset a peer that took its error', () => {
    const { sink } = overflow();

    sink.close();
    jest.advanceTimersByTime(10 * RESET_AFTER_MS);

    expect(sink.log).not.toContain('<destroy>');
  });

  it('ends a reader whose unread bytes are too many', () => {
    const { sink, send } = setUp({ maxMessages: 100, maxBytes: 4 });
    sink.willing = false;

    send('a', 'bbbb', 'c');

    expect(sink.error).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  });
});
