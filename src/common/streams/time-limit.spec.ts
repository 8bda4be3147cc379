import { NEVER, of, Subject, type Observable } from 'rxjs';
import { limitTime } from './time-limit.js';

const LIMIT_MS = 1_000;
const tooLate = (): Error => new Error('too late');

function record<T>(source$: Observable<T>): unknown[] {
  const log: unknown[] = [];
  source$.subscribe({
    next: (value) => log.push(value),
    error: (error: unknown) => log.push(String(error)),
    complete: () => log.push('<complete>'),
  });
  return log;
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('limitTime', () => {
  it('fails a stream that does not end in time', () => {
    const log = record(NEVER.pipe(limitTime(LIMIT_MS, tooLate)));

    jest.advanceTimersByTime(LIMIT_MS - 1);
    const before = [...log];
    jest.advanceTimersByTime(1);

    expect(before).toEqual([]);
    expect(log).toEqual(['Error: too late']);
  });

  it('counts from the start, however much the stream says', () => {
    const source = new Subject<number>();
    const log = record(source.pipe(limitTime(LIMIT_MS, tooLate)));

    for (let value = 0; value < 3; value += 1) {
      source.next(value);
      jest.advanceTimersByTime(LIMIT_MS / 2);
    }

    expect(log).toEqual([0, 1, 'Error: too late']);
  });

  it('leaves a stream that ends in time as it is, and no timer behind', () => {
    const log = record(of(1, 2).pipe(limitTime(LIMIT_MS, tooLate)));

    expect(log).toEqual([1, 2, '<complete>']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('stops the source when the time is over', () => {
    const source = new Subject<number>();
    record(source.pipe(limitTime(LIMIT_MS, tooLate)));

    jest.advanceTimersByTime(LIMIT_MS);

    expect(source.observed).toBe(false);
  });

  it('does nothing without a limit', () => {
    record(NEVER.pipe(limitTime(undefined, tooLate)));

    expect(jest.getTimerCount()).toBe(0);
  });
});
