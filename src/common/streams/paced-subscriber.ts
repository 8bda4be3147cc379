import { Subscriber } from 'rxjs';

/**
 * A subscriber that says when it takes more.
 *
 * What happens now cannot wait for its readers, but a backlog can: handed over at the reader's pace it needs no queue.
 */
export abstract class PacedSubscriber<T> extends Subscriber<T> {
  /** Undefined when more may come at once; else settles once it may, or once the subscriber is closed. */
  abstract untilReady(): Promise<void> | undefined;
}

/** As PacedSubscriber.untilReady; subscribers of other kinds are always ready. */
export function untilReady(subscriber: Subscriber<unknown>): Promise<void> | undefined {
  return subscriber instanceof PacedSubscriber ? subscriber.untilReady() : undefined;
}
