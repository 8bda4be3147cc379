import type { Logger } from 'pino';
import type { FinishedCall } from '../calls/finished-call.js';
import { NO_SPAN } from '../tracing/tracer.js';
import { AccessLog } from './access-log.js';

function levelOf(call: Pick<FinishedCall, 'method' | 'code'>): string {
  const levels: string[] = [];
  const logger = { info: () => levels.push('info'), debug: () => levels.push('debug') } as unknown as Logger;
  new AccessLog(logger).record({
    door: 'http',
    arrived: { requestId: 'r', traceId: undefined, span: NO_SPAN },
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
      expect(levelOf({ method, code: 'UNAVAILABLE' })).toBe('info');
    },
  );

  it('tells of every other call', () => {
    expect(levelOf({ method: 'opencode.session.SessionService/GetSession', code: 'OK' })).toBe('info');
  });
});
