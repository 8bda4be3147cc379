/** What a bounded queue may know of a message without understanding it. */
export interface Delivery {
  /** Messages with the same key supersede each other: of those still waiting only the newest is worth sending. */
  readonly supersedes?: string;
  /** Supersedes what waits, and is never superseded itself. */
  readonly isLasting?: boolean;
}

const deliveries = new WeakMap<object, Delivery>();
/** In a fan-out the same message is looked up by one reader after the other. */
let last: { readonly message: object; readonly delivery: Delivery | undefined } | undefined;

/** Attaches delivery hints to a message. They travel beside it, so that the bytes stay shared by all readers. */
export function describeDelivery(message: object, delivery: Delivery): void {
  deliveries.set(message, delivery);
  last = { message, delivery };
}

export function deliveryOf(message: object): Delivery | undefined {
  if (last?.message !== message) last = { message, delivery: deliveries.get(message) };
  return last.delivery;
}
