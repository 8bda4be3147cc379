import { BehaviorSubject } from 'rxjs';
import type { Config } from '../../common/config/config.js';
import type { EventHub } from '../event/event.hub.js';
import { OpencodePresence } from './opencode-presence.js';

function watchPresence() {
  const ready$ = new BehaviorSubject(true);
  const hub = {
    ready$,
    get isReady() {
      return ready$.value;
    },
  } as unknown as EventHub;
  const presence = new OpencodePresence(hub, { OPENCODE_LOST_AFTER_S: 10 } as Config);
  const onLost = jest.fn();
  presence.lost$.subscribe(onLost);
  return { ready$, presence, onLost };
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('OpencodePresence', () => {
  it('tells once that OpenCode is lost, however often it is tried meanwhile', () => {
    const { ready$, onLost } = watchPresence();

    for (let second = 0; second < 30; second += 1) {
      ready$.next(false);
      jest.advanceTimersByTime(1_000);
    }

    expect(onLost).toHaveBeenCalledTimes(1);
  });

  it('does not call OpenCode lost that comes back in time', () => {
    const { ready$, onLost } = watchPresence();

    ready$.next(false);
    jest.advanceTimersByTime(9_000);
    ready$.next(true);
    jest.advanceTimersByTime(20_000);

    expect(onLost).not.toHaveBeenCalled();
  });

  it('lets who waits go on when OpenCode is back', async () => {
    const { ready$, presence } = watchPresence();
    ready$.next(false);

    const waiting = presence.untilHere();
    ready$.next(true);

    await expect(waiting).resolves.toBeUndefined();
  });

  it('refuses who waits, and who comes later, when OpenCode is lost', async () => {
    const { ready$, presence } = watchPresence();
    ready$.next(false);

    const waiting = presence.untilHere();
    jest.advanceTimersByTime(10_000);

    await expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(presence.untilHere()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('refuses at once what cannot wait', () => {
    const { ready$, presence } = watchPresence();
    ready$.next(false);

    expect(() => presence.require()).toThrow(expect.objectContaining({ code: 'UNAVAILABLE', reason: 'OPENCODE_UNAVAILABLE' }) as Error);
  });

  it('leaves no timer behind', () => {
    const { ready$, presence } = watchPresence();
    ready$.next(false);

    presence.onModuleDestroy();

    expect(jest.getTimerCount()).toBe(0);
  });
});
