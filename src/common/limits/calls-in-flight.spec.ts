import { CallsInFlight } from './calls-in-flight.js';

describe('CallsInFlight', () => {
  it('refuses a call beyond its number, and says when to come back', () => {
    const calls = new CallsInFlight(2);
    calls.enter({});
    calls.enter({});

    expect(() => calls.enter({})).toThrow(
      expect.objectContaining({ code: 'UNAVAILABLE', reason: 'OVERLOADED', retryAfterMs: 1_000 }) as Error,
    );
    expect(calls.size).toBe(2);
  });

  it('has room again for each one that leaves, once', () => {
    const calls = new CallsInFlight(2);
    const [first, second] = [{}, {}];
    calls.enter(first);
    calls.enter(second);

    calls.leave(first);
    calls.leave(first);
    calls.leave({});

    expect(calls.size).toBe(1);
    expect(() => calls.enter({})).not.toThrow();
    expect(() => calls.enter({})).toThrow();
  });

  it('takes what is urgent beyond its number', () => {
    const calls = new CallsInFlight(1);
    calls.enter({});

    expect(() => calls.enter({}, true)).not.toThrow();
  });

  it('tells when none waits any more', async () => {
    const calls = new CallsInFlight(2);
    const [first, second] = [{}, {}];
    await calls.untilNone();
    calls.enter(first);
    calls.enter(second, true);
    const told = jest.fn();
    const none = calls.untilNone().then(told);

    calls.leave(first);
    await Promise.resolve();
    const early = told.mock.calls.length;
    calls.leave(second);

    await none;
    expect(early).toBe(0);
  });
});
