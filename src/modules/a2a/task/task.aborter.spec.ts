import { Metrics } from '../../../common/metrics/metrics.js';
import { Subject } from 'rxjs';
import type { Caller } from '../../../common/access/caller.js';
import { ANONYMOUS } from '../../../common/access/principal.js';
import type { EventHub } from '../../event/event.hub.js';
import type { TurnService } from '../../message/turn.service.js';
import { TaskAborter } from './task.aborter.js';
import { TaskMetrics } from './task.metrics.js';
import type { TaskOptions } from './task.options.js';

const CALLER: Caller = { principal: ANONYMOUS, scope: 'write', requestId: 'test' };
const REF = { id: 'ses_1.msg_1', sessionId: 'ses_1', turnId: 'msg_1' };

function setUp(abortOne: () => Promise<void>) {
  const metrics = new Metrics();
  const counts = new TaskMetrics(metrics, { reconnected$: new Subject<void>() } as unknown as EventHub);
  const aborter = new TaskAborter({ abortOne } as unknown as TurnService, counts, { abortTimeoutMs: 10 } as TaskOptions);
  const counted = async (): Promise<string[]> =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith('a2a_cancel_abort_') && !line.endsWith(' 0'));
  return { aborter, counted };
}

describe('TaskAborter', () => {
  it.each([
    ['success', () => Promise.resolve()],
    ['error', () => Promise.reject(new Error('OpenCode is away'))],
    ['timeout', () => new Promise<void>(() => undefined)],
  ] as const)('T125 T46 T47 counts an attempt with the outcome %s, and fails with none', async (outcome, abortOne) => {
    const { aborter, counted } = setUp(abortOne);

    expect(await aborter.abort(REF, CALLER)).toBe(outcome);

    expect(await counted()).toEqual(['a2a_cancel_abort_attempt_total 1', `a2a_cancel_abort_${outcome}_total 1`]);
  });
});
