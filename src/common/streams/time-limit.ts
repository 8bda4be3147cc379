import { identity, mergeMap, takeUntil, throwError, timer, type MonoTypeOperatorFunction } from 'rxjs';

/** Fails the stream when it has not ended in time; without a limit it does nothing. */
export function limitTime<T>(limitMs: number | undefined, toError: () => Error): MonoTypeOperatorFunction<T> {
  if (limitMs === undefined) return identity;
  return takeUntil<T>(timer(limitMs).pipe(mergeMap(() => throwError(toError))));
}
