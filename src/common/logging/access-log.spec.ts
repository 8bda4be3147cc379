import { pino } from 'pino';
import type { FinishedCall } from '../calls/finished-call.js';
import { NO_SPAN } from '../tracing/tracer.js';
import { AccessLog } from './access-log.js';

/** The levels of the lines that a logger of this level writes. */
function levelOf(call: Pick<FinishedCall, 'method' | 'code'>, level = 'debug'): string {
  const levels: string[] = [];
  const write = (line: string): void => void levels.push(pino.levels.labels[(JSON.parse(line) as { level: number }).level] ?? '');
  new AccessLog(pino({ level }, { write })).record({
    door: 'http',
    arrived: { requestId: 'r', span: NO_SPAN },
    caller: undefined,
    durationMs: 1,
    isStream: false,
    bytes: 0,
    ...call,
  });
  return levels.join();
}

describe('the log of calls', () => {
  it.each(['/livez', '/readyz', '/metrics', 'grpc.health.v1.Health/Check', 'opencode.v1.OpenCodeService/Health'])(
    'keeps quiet about %s while it goes well',
    (method) => {
      expect(levelOf({ method, code: 'OK' })).toBe('debug');
      expect(levelOf({ method, code: 'OK' }, 'info')).toBe('');
      expect(levelOf({ method, code: 'UNAVAILABLE' }, 'info')).toBe('info');
    },
  );

  it('tells of every other call', () => {
    expect(levelOf({ method: 'opencode.session.SessionService/GetSession', code: 'OK' })).toBe('info');
  });
});
