/** What a bounded queue may know of a message without understanding it. */
export interface Delivery {
  /** Messages with the same key supersede each other: of those still waiting only the newest is worth sending. */
  readonly supersedes?: string;
  /** Supersedes what waits, and is never superseded itself. */
  readonly isLasting?: boolean;
}

/** On the message itself: see FanOutCache for what a WeakMap costs. */
const slot = Symbol('delivery');

/** Attaches delivery hints to a message. They travel beside it, so that the bytes stay shared by all readers. */
export function describeDelivery(message: object, delivery: Delivery): void {
  (message as { [slot]?: Delivery })[slot] = delivery;
}

export function deliveryOf(message: object): Delivery | undefined {
  return (message as { [slot]?: Delivery })[slot];
}
