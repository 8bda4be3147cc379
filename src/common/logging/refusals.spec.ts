import { Logger } from '@nestjs/common';
import { GatewayError } from '../errors/gateway-error.js';
import { Refusals } from './refusals.js';

const refused = new GatewayError('UNAUTHENTICATED', 'A bearer token is required', { reason: 'TOKEN_MISSING' });

describe('refused calls', () => {
  let lines: jest.SpyInstance<void, unknown[]>;

  beforeEach(() => {
    jest.useFakeTimers();
    lines = jest.spyOn(Logger.prototype, 'log').mockImplementation();
  });

  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('leave a line each', () => {
    new Refusals().record({ target: 'GET /sessions', requestId: 'r1' }, refused);

    const line = { audit: 'access', target: 'GET /sessions', requestId: 'r1', by: 'unknown', result: 'refused' };
    expect(lines.mock.calls).toEqual([[{ ...line, code: 'UNAUTHENTICATED', reason: 'TOKEN_MISSING' }]]);
  });

  it('leave 20 lines a second and a number in a flood, and single ones after it again', () => {
    const refusals = new Refusals();

    for (let call = 0; call < 1_000; call += 1) refusals.record({ target: 'GET /sessions' }, refused);
    jest.advanceTimersByTime(1_000);
    refusals.record({ target: 'GET /sessions' }, refused);

    expect(lines).toHaveBeenCalledTimes(22);
    expect(lines.mock.calls[20]).toEqual([{ audit: 'access', result: 'refused', more: 980 }]);
    jest.advanceTimersByTime(1_000);
    expect(lines).toHaveBeenCalledTimes(22);
    expect(jest.getTimerCount()).toBe(0);
  });
});
