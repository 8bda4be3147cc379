import { BoundedQueue } from './bounded-queue.js';
import { describeDelivery } from './delivery.js';

interface Note {
  readonly name: string;
}

function note(name: string, supersedes?: string): Note {
  const message = { name };
  if (supersedes !== undefined) describeDelivery(message, { supersedes });
  return message;
}

function bytes(count: number): Buffer {
  return Buffer.alloc(count);
}

function newQueue(bounds: { maxMessages?: number; maxBytes?: number } = {}): BoundedQueue<Note> {
  return new BoundedQueue({ maxMessages: 100, maxBytes: 10_000, ...bounds });
}

function drain(queue: BoundedQueue<Note>): string[] {
  const names: string[] = [];
  for (let slot = queue.shift(); slot !== undefined; slot = queue.shift()) names.push(slot.message.name);
  return names;
}

describe('BoundedQueue', () => {
  it('gives messages in the order they came', () => {
    const queue = newQueue();
    for (const name of ['a', 'b', 'c']) queue.push(note(name), bytes(1));

    expect(drain(queue)).toEqual(['a', 'b', 'c']);
  });

  it('gives the bytes that came with a message', () => {
    const queue = newQueue();
    queue.push(note('a'), Buffer.from('hello'));

    expect(queue.shift()?.bytes.toString()).toBe('hello');
  });

  it('gives nothing when it is empty', () => {
    expect(newQueue().shift()).toBeUndefined();
  });

  it('refuses a message beyond its number of messages', () => {
    const queue = newQueue({ maxMessages: 2 });

    const taken = ['a', 'b', 'c'].map((name) => queue.push(note(name), bytes(1)));

    expect(taken).toEqual([true, true, false]);
    expect(drain(queue)).toEqual(['a', 'b']);
  });

  it('refuses a message once its bytes are full', () => {
    const queue = newQueue({ maxBytes: 10 });

    const taken = ['a', 'b', 'c'].map((name) => queue.push(note(name), bytes(5)));

    expect(taken).toEqual([true, true, false]);
  });

  it('takes one message larger than all its bytes', () => {
    const queue = newQueue({ maxBytes: 10 });

    const taken = [queue.push(note('large'), bytes(1_000)), queue.push(note('next'), bytes(1))];

    expect(taken).toEqual([true, false]);
  });

  it('takes messages again after some were taken out', () => {
    const queue = newQueue({ maxMessages: 2, maxBytes: 10 });
    for (const name of ['a', 'b']) queue.push(note(name), bytes(5));

    queue.shift();

    expect(queue.push(note('c'), bytes(5))).toBe(true);
    expect(drain(queue)).toEqual(['b', 'c']);
  });

  it('counts the bytes that wait', () => {
    const queue = newQueue();
    queue.push(note('a'), bytes(3));
    queue.push(note('b', 'part'), bytes(4));
    queue.push(note('c', 'part'), bytes(5));

    const before = queue.bytes;
    queue.shift();

    expect([before, queue.bytes]).toEqual([8, 5]);
  });

  it('is empty when all were taken out or it was cleared', () => {
    const queue = newQueue();
    const stages = [queue.isEmpty];

    queue.push(note('a'), bytes(1));
    stages.push(queue.isEmpty);
    queue.shift();
    stages.push(queue.isEmpty);
    queue.push(note('b'), bytes(1));
    queue.clear();
    stages.push(queue.isEmpty);

    expect(stages).toEqual([true, false, true, true]);
    expect(queue.bytes).toBe(0);
  });
});

describe('BoundedQueue with messages that supersede', () => {
  it('drops the older message and puts the newer at the end', () => {
    const queue = newQueue();
    queue.push(note('part 1, old', 'part 1'), bytes(1));
    queue.push(note('between'), bytes(1));

    queue.push(note('part 1, new', 'part 1'), bytes(1));

    expect(drain(queue)).toEqual(['between', 'part 1, new']);
  });

  it('keeps messages of other keys', () => {
    const queue = newQueue();
    for (const key of ['1', '2', '1', '3', '2']) queue.push(note(key, key), bytes(1));

    expect(drain(queue)).toEqual(['1', '3', '2']);
  });

  it('does not touch what has no key', () => {
    const queue = newQueue();
    for (const name of ['a', 'a', 'a']) queue.push(note(name), bytes(1));

    expect(drain(queue)).toEqual(['a', 'a', 'a']);
  });

  it('does not drop the newer message for one that was taken out before', () => {
    const queue = newQueue();
    queue.push(note('old', 'part'), bytes(1));
    queue.shift();

    queue.push(note('new', 'part'), bytes(1));

    expect(drain(queue)).toEqual(['new']);
  });

  it('takes a message that supersedes when it is full', () => {
    const queue = newQueue({ maxMessages: 2 });
    queue.push(note('a'), bytes(1));
    queue.push(note('old', 'part'), bytes(1));

    expect(queue.push(note('new', 'part'), bytes(1))).toBe(true);
    expect(drain(queue)).toEqual(['a', 'new']);
  });

  it('gives the place of the older message back to its bytes', () => {
    const queue = newQueue({ maxBytes: 10 });
    queue.push(note('old', 'part'), bytes(10));

    expect(queue.push(note('new', 'part'), bytes(10))).toBe(true);
    expect(queue.bytes).toBe(10);
  });

  it('does not let a plain message in for the place of a superseded one that was refilled', () => {
    const queue = newQueue({ maxMessages: 1 });
    queue.push(note('old', 'part'), bytes(1));
    queue.push(note('new', 'part'), bytes(1));

    expect(queue.push(note('plain'), bytes(1))).toBe(false);
  });

  it('keeps order and count through many thousand supersedes around messages that stay', () => {
    const queue = newQueue({ maxMessages: 8 });
    queue.push(note('first'), bytes(1));
    for (let index = 0; index < 10_000; index += 1) queue.push(note(`x${index}`, 'x'), bytes(1));
    queue.push(note('middle'), bytes(1));
    for (let index = 0; index < 10_000; index += 1) queue.push(note(`y${index}`, 'y'), bytes(1));

    expect(queue.bytes).toBe(4);
    expect(drain(queue)).toEqual(['first', 'x9999', 'middle', 'y9999']);
  });

  it('still knows what waits after it closed its holes', () => {
    const queue = newQueue({ maxMessages: 4 });
    queue.push(note('a, old', 'a'), bytes(1));
    for (let index = 0; index < 100; index += 1) queue.push(note('b', 'b'), bytes(1));

    queue.push(note('a, new', 'a'), bytes(1));

    expect(drain(queue)).toEqual(['b', 'a, new']);
  });

  it('holds no more slots than twice its bound, however often messages are superseded', () => {
    const queue = newQueue({ maxMessages: 8 });
    queue.push(note('stays'), bytes(1));

    for (let index = 0; index < 10_000; index += 1) queue.push(note('x', 'x'), bytes(1));

    const { slots } = queue as unknown as { readonly slots: readonly unknown[] };
    expect(slots.length).toBeLessThanOrEqual(2 * 8 + 1);
  });

  it('holds no more slots than it needs when messages flow through for long', () => {
    const queue = newQueue();
    for (const name of ['a', 'b']) queue.push(note(name), bytes(1));

    for (let index = 0; index < 100_000; index += 1) {
      queue.push(note('x'), bytes(1));
      queue.shift();
    }

    const { slots } = queue as unknown as { readonly slots: readonly unknown[] };
    expect(slots.length).toBeLessThan(4_096);
  });
});
