import { EventEmitter } from 'node:events';
import type { Http2Server } from 'node:http2';
import { keepSessionsAlive } from './keepalive.js';

class FakeSession extends EventEmitter {
  closed = false;
  destroyed = false;
  pings = 0;
  answers = true;

  ping(onAnswer: () => void): boolean {
    this.pings += 1;
    if (this.answers) onAnswer();
    return true;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function connect(): FakeSession {
  const server = new EventEmitter();
  const session = new FakeSession();
  keepSessionsAlive(server as Http2Server, 30_000);
  server.emit('session', session);
  return session;
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('keepSessionsAlive', () => {
  it('pings whoever is connected, and leaves those who answer alone', () => {
    const session = connect();

    jest.advanceTimersByTime(95_000);

    expect(session.pings).toBe(3);
    expect(session.destroyed).toBe(false);
  });

  it('cuts a peer that does not answer', () => {
    const session = connect();
    session.answers = false;

    jest.advanceTimersByTime(39_999);
    const before = session.destroyed;
    jest.advanceTimersByTime(1);

    expect(before).toBe(false);
    expect(session.destroyed).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('leaves a session alone that is closing: its calls may take what they need', () => {
    const session = connect();
    session.closed = true;

    jest.advanceTimersByTime(300_000);

    expect(session.pings).toBe(0);
    expect(session.destroyed).toBe(false);
  });

  it('leaves no timer behind a session', () => {
    const session = connect();

    session.destroy();

    expect(jest.getTimerCount()).toBe(0);
  });
});
