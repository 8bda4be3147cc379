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
});
