import { Subject } from 'rxjs';
import { Metrics } from '../../common/metrics/metrics.js';
import type { EventHub } from './event.hub.js';
import { EventMetrics } from './event.metrics.js';
import { EventTally } from './event-tally.js';

function setUp() {
  const metrics = new Metrics();
  const hub = { isReady: true, reconnected$: new Subject<void>(), tally: new EventTally() };
  new EventMetrics(metrics, hub as unknown as EventHub);
  const valueOf = async (series: string): Promise<number> => {
    const line = (await metrics.text()).split('\n').find((each) => each.startsWith(`opencode_gateway_${series} `));
    return Number(line?.split(' ').at(-1));
  };
  return { hub, valueOf };
}

describe('EventMetrics', () => {
  it('says whether the events of OpenCode arrive', async () => {
    const { hub, valueOf } = setUp();
    const before = await valueOf('upstream_connected');
    hub.isReady = false;

    expect([before, await valueOf('upstream_connected')]).toEqual([1, 0]);
  });

  it('counts how often they came back', async () => {
    const { hub, valueOf } = setUp();
    const before = await valueOf('upstream_reconnects_total');
    hub.reconnected$.next();
    hub.reconnected$.next();

    expect([before, await valueOf('upstream_reconnects_total')]).toEqual([0, 2]);
  });

  it('counts frames by what they told, whenever it is asked', async () => {
    const { hub, valueOf } = setUp();
    const growth = { type: 'text_growth', sessionId: 's', directory: '', messageId: 'm', partId: 'p', delta: 'd', eventId: '' } as const;
    const origin = { directory: '', sessionId: 's', eventId: '' };
    for (const content of [
      growth,
      growth,
      undefined,
      { ...origin, type: 'unseen', sequence: 1 } as const,
      { ...origin, type: 'session_deleted', sequence: undefined } as const,
    ])
      hub.tally.count(content);

    const types = ['session_deleted', 'unseen', 'text_growth', 'other'];
    const read = () => Promise.all(types.map((type) => valueOf(`upstream_events_total{type="${type}"}`)));
    expect(await read()).toEqual([1, 1, 2, 1]);
    expect(await read()).toEqual([1, 1, 2, 1]);
  });
});
