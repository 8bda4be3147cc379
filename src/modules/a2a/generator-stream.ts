import { Observable } from 'rxjs';
import { untilReady } from '../../common/streams/paced-subscriber.js';

/** An item and where a reader who has it can resume. */
export interface Placed<T> {
  readonly item: T;
  readonly position: string | undefined;
}

/**
 * The first item of a stream and all that follow: whatever can be refused is refused before the first.
 *
 * The next item is asked for when the reader has room for it, so that a slow one finds many small pieces as one.
 */
export async function beginStream<T>(
  items: AsyncGenerator<T, void, undefined>,
  positionNow: () => string | undefined,
): Promise<Observable<Placed<T>>> {
  const first = await items.next();
  const place = (item: T): Placed<T> => ({ item, position: positionNow() });
  const opening = first.done === true ? undefined : place(first.value);
  return new Observable((subscriber) => {
    const pump = async (): Promise<void> => {
      if (opening !== undefined) subscriber.next(opening);
      while (!subscriber.closed) {
        await untilReady(subscriber);
        const next = await items.next();
        if (next.done === true) return subscriber.complete();
        subscriber.next(place(next.value));
      }
    };
    pump().catch((error: unknown) => subscriber.error(error));
    return () => void items.return();
  });
}
