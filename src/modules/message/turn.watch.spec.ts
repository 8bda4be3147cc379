import type { EventHub } from '../event/event.hub.js';
import type { EventBody, GatewayEvent } from '../event/event.model.js';
import { Turn } from './turn.js';
import { GRACE_MS, TurnWatch } from './turn.watch.js';

const SILENCE_MS = 10_000;

function watchTurn() {
  let tell: (event: GatewayEvent) => void = () => undefined;
  const left = jest.fn();
  const hub = {
    listen: (_: string, next: (event: GatewayEvent) => void) => {
      tell = next;
      return left;
    },
  } as unknown as EventHub;
  const turn = new Turn({ id: 'msg_1', sessionId: 'ses_1', directory: '/w', requestId: '', kind: 'prompt' }, () => undefined);
  turn.admit(Date.now());
  turn.lastEventAtMs = Date.now();
  const lookUp = jest.fn(() => Promise.resolve());
  const watch = new TurnWatch(hub, turn, lookUp);
  watch.listen();
  const hear = (body: EventBody): void => tell({ directory: '/w', sessionId: 'ses_1', eventId: '', sequence: undefined, ...body });
  return { hear, turn, lookUp, watch, left };
}

const idle: EventBody = { type: 'session_status', status: { type: 'idle' } };
const busy: EventBody = { type: 'session_status', status: { type: 'busy' } };

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('TurnWatch', () => {
  it('passes what it hears to the turn', () => {
    const { hear, turn } = watchTurn();

    hear(busy);

    expect(turn.state).toBe('running');
  });

  it('looks the turn up a moment after a hint at its end', () => {
    const { hear, lookUp } = watchTurn();
    hear(idle);

    jest.advanceTimersByTime(GRACE_MS - 1);
    const before = lookUp.mock.calls.length;
    jest.advanceTimersByTime(1);

    expect([before, lookUp.mock.calls.length]).toEqual([0, 1]);
  });

  it('looks it up once for several hints', () => {
    const { hear, lookUp } = watchTurn();

    for (let hint = 0; hint < 3; hint += 1) {
      hear(idle);
      jest.advanceTimersByTime(GRACE_MS / 2);
    }
    jest.advanceTimersByTime(GRACE_MS);

    expect(lookUp).toHaveBeenCalledTimes(1);
  });

  it('looks a silent turn up again and again', () => {
    const { lookUp } = watchTurn();

    jest.advanceTimersByTime(3 * SILENCE_MS);

    expect(lookUp).toHaveBeenCalledTimes(3);
  });

  it('leaves a turn alone of which it hears', () => {
    const { hear, lookUp } = watchTurn();

    for (let elapsedMs = 0; elapsedMs < 5 * SILENCE_MS; elapsedMs += 1_000) {
      hear(busy);
      jest.advanceTimersByTime(1_000);
    }

    expect(lookUp).not.toHaveBeenCalled();
  });

  it('does nothing more once it is stopped', () => {
    const { hear, lookUp, watch, left } = watchTurn();
    hear(idle);

    watch.stop();
    jest.advanceTimersByTime(10 * SILENCE_MS);

    expect(lookUp).not.toHaveBeenCalled();
    expect(left).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});
