import { deliveryOf } from './delivery.js';
import { StreamTally } from './stream-tally.js';

export interface QueueBounds {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

interface Slot<T> {
  readonly message: T;
  readonly bytes: Buffer;
}

/**
 * A FIFO of encoded messages, bounded in messages and bytes.
 *
 * A message that supersedes a waiting one takes that one's place in the count, not in the order: the older is
 * dropped and the newer goes to the end, so the order of different messages never changes. Every operation is O(1),
 * amortised.
 */
export class BoundedQueue<T extends object> {
  private slots: (Slot<T> | undefined)[] = [];
  private head = 0;
  private readonly waitingAt = new Map<string, number>();
  private count = 0;
  private byteCount = 0;

  constructor(
    private readonly bounds: QueueBounds,
    private readonly tally = new StreamTally(),
  ) {}

  get isEmpty(): boolean {
    return this.count === 0;
  }

  get messages(): number {
    return this.count;
  }

  get bytes(): number {
    return this.byteCount;
  }

  /**
   * False when the queue is full; it is then unchanged but for what the message superseded.
   *
   * The last message taken may exceed the bytes: one that is larger than the whole bound must still reach a reader that keeps up.
   */
  push(message: T, bytes: Buffer): boolean {
    const { supersedes: key, isLasting = false } = deliveryOf(message) ?? {};
    if (key !== undefined) this.dropSuperseded(key);
    if (this.count >= this.bounds.maxMessages || this.byteCount >= this.bounds.maxBytes) return false;
    if (key !== undefined && !isLasting) this.waitingAt.set(key, this.slots.length);
    this.slots.push({ message, bytes });
    this.count += 1;
    this.byteCount += bytes.length;
    return true;
  }

  shift(): Slot<T> | undefined {
    while (this.head < this.slots.length) {
      const index = this.head;
      const slot = this.slots[index];
      this.head += 1;
      if (slot === undefined) continue;
      this.release(index, slot);
      if (this.count === 0) this.clear();
      else this.compact();
      return slot;
    }
    return undefined;
  }

  clear(): void {
    this.slots = [];
    this.head = 0;
    this.waitingAt.clear();
    this.count = 0;
    this.byteCount = 0;
  }

  private dropSuperseded(key: string): void {
    const index = this.waitingAt.get(key);
    const slot = index === undefined ? undefined : this.slots[index];
    if (index === undefined || slot === undefined) return;
    this.release(index, slot);
    this.tally.conflated += 1;
    // A long run of superseded messages leaves only holes; they must not outgrow the bound they obey.
    if (this.count === 0) this.clear();
    else if (this.slots.length - this.head > 2 * this.bounds.maxMessages) this.removeHoles();
  }

  private release(index: number, slot: Slot<T>): void {
    this.slots[index] = undefined;
    this.count -= 1;
    this.byteCount -= slot.bytes.length;
    const key = deliveryOf(slot.message)?.supersedes;
    if (key !== undefined && this.waitingAt.get(key) === index) this.waitingAt.delete(key);
  }

  private compact(): void {
    if (this.head > 1024 && this.head * 2 > this.slots.length) this.removeHoles();
  }

  private removeHoles(): void {
    this.slots = this.slots.slice(this.head).filter((slot) => slot !== undefined);
    this.head = 0;
    this.waitingAt.clear();
    this.slots.forEach((slot, index) => {
      const { supersedes: key, isLasting = false } = (slot && deliveryOf(slot.message)) ?? {};
      if (key !== undefined && !isLasting) this.waitingAt.set(key, index);
    });
  }
}
