import { Logger } from '@nestjs/common';
import type { UpstreamFrame } from '../../common/opencode/opencode.types.js';

import {
  CHILD,
  DIRECTORY,
  EventRig,
  ROOT,
  Watch,
  durable,
  made,
  nextEventId,
  permission,
  settle,
  status,
  textDelta,
  textPart,
} from '../../../test/support/event-rig.js';

beforeAll(() => void Logger.overrideLogger(false));

describe('EventIntake', () => {
  it('tells all who watch what was lost on the way, in order and once', async () => {
    const rig = await EventRig.connected();
    const watch = rig.watch(ROOT);

    rig.feed(durable(ROOT, 0));
    rig.miss(durable(ROOT, 1), durable(ROOT, 2));
    rig.feed(durable(ROOT, 3), durable(ROOT, 4));
    await settle();

    expect(watch.events.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3, 4]);
    expect(rig.hub.tally).toMatchObject({ holes: 1, resyncs: 0 });
  });

  it('says resync to all who watch when what was lost cannot be had', async () => {
    const rig = await EventRig.connected();
    rig.keepsHistory = false;
    const watch = rig.watch(ROOT);

    rig.feed(durable(ROOT, 0), durable(ROOT, 2));
    await settle();

    expect(watch.events).toMatchObject([
      { sequence: 0 },
      { type: 'resync' },
      { type: 'session_updated', session: { title: 'now' } },
      { type: 'session_status', status: { type: 'idle' } },
    ]);
    expect(rig.hub.tally).toMatchObject({ holes: 1, resyncs: 1 });
  });

  it('tells how late events are: each, but of growing text a sample', async () => {
    const rig = await EventRig.connected();
    const lags: number[] = [];
    rig.hub.tally.lag$.subscribe((lag) => lags.push(lag));
    const id = `evt_${(Date.now() % 2 ** 36).toString(16).padStart(9, '0')}001abc`;
    const timed = (frame: UpstreamFrame): UpstreamFrame => ({ ...frame, payload: { ...frame.payload, id } });

    rig.feed(timed(status(ROOT, 'busy')), textPart(ROOT, 0, ''));
    for (let count = 0; count < 640; count += 1) rig.feed(timed(textDelta(ROOT, 'x')));

    expect(lags).toHaveLength(11);
  });

  it('tells nothing twice that comes twice', async () => {
    const rig = await EventRig.connected();
    const watch = rig.watch(ROOT);
    const frames = [durable(ROOT, 0), durable(ROOT, 1), { ...status(ROOT, 'busy') }];
    frames[2] = { ...status(ROOT, 'busy'), payload: { ...status(ROOT, 'busy').payload, id: nextEventId() } };

    rig.feed(...frames);
    for (const frame of frames) rig.repeat(frame);

    expect(watch.events).toHaveLength(3);
  });

  it('asks OpenCode whose a session is that it has not heard of, and tells what comes meanwhile behind that', async () => {
    const rig = await EventRig.connected();
    rig.parents.set('ses_grandchild', CHILD).set(CHILD, ROOT);
    const watch = rig.watch(ROOT);

    rig.feed(durable('ses_grandchild', 7), durable(ROOT, 3), durable('ses_grandchild', 8));
    await settle();

    expect(watch.positions).toEqual(['ses_grandchild:7', `${ROOT}:3`, 'ses_grandchild:8']);
    expect(rig.lookedUp).toEqual(['ses_grandchild', CHILD]);
  });

  it('drops an event whose number OpenCode itself does not know', async () => {
    const rig = await EventRig.connected();
    const watch = rig.watch(ROOT);

    rig.feed(durable(ROOT, 0));
    rig.repeat(durable(ROOT, 900));
    await settle();
    rig.feed(durable(ROOT, 1));

    expect(watch.positions).toEqual([`${ROOT}:0`, `${ROOT}:1`]);
  });

  it('counts positions that callers do not see as seen', async () => {
    const rig = await EventRig.connected();
    const watch = rig.watch(ROOT);
    const data = { sessionID: ROOT, part: { type: 'step-start', id: 'prt_1' } };
    const hidden = { id: nextEventId(), type: 'message.part.updated.1', seq: 1, aggregateID: ROOT, data };

    rig.feed(durable(ROOT, 0), { directory: DIRECTORY, payload: { type: 'sync', syncEvent: hidden } }, durable(ROOT, 2));

    expect(watch.events.map(({ type }) => type)).not.toContain('resync');
  });
});

describe('EventIntake after a lost connection', () => {
  it('tells those who watch what they missed, and that it is back', async () => {
    const rig = await EventRig.connected();
    const watch = rig.watch(ROOT);
    let reconnected = 0;
    rig.hub.reconnected$.subscribe(() => (reconnected += 1));
    rig.feed(durable(ROOT, 0));

    rig.lose();
    rig.miss(durable(ROOT, 1), made(CHILD, ROOT));
    rig.feed(durable(ROOT, 2));
    await rig.connect();

    expect(watch.positions).toEqual([`${ROOT}:0`, `${ROOT}:1`, `${CHILD}:0`, `${ROOT}:2`]);
    expect(reconnected).toBe(1);
  });

  it.each([
    ['that were never told a position', (_: EventRig) => undefined],
    ['when OpenCode lost its newest events and counts them anew', (rig: EventRig) => rig.repeat(durable(ROOT, 0))],
  ])('says resync to those who watch a session %s', async (_, prepare) => {
    const rig = await EventRig.connected();
    const watch = rig.watch(ROOT);
    prepare(rig);

    rig.lose();
    rig.miss(durable(ROOT, 0));
    await rig.connect();
    await settle();

    expect(watch.events.map(({ type }) => type)).toContain('resync');
  });

  it('says resync to those who follow every session', async () => {
    const rig = await EventRig.connected();
    const watch = new Watch(rig.hub.watchAll({ textMode: 'delta' }));

    rig.lose();
    await rig.connect();

    expect(watch.events).toMatchObject([{ type: 'resync', sessionId: '' }]);
  });

  it('tells that a session became idle while nobody listened', async () => {
    const rig = await EventRig.connected();
    rig.feed(status(ROOT, 'busy'));
    const watch = rig.watch(ROOT);

    rig.lose();
    await rig.connect();
    await settle();

    expect(watch.events.at(-1)).toMatchObject({ type: 'session_status', status: { type: 'idle' } });
    expect(rig.hub.isBusy(ROOT)).toBe(false);
  });

  it('closes requests that were answered in the meantime and keeps the others', async () => {
    const rig = EventRig.unconnected();
    rig.asked.permissions.push(permission('per_1'), permission('per_2'));
    await rig.connect();

    rig.lose();
    rig.asked.permissions.shift();
    await rig.connect();

    expect(rig.hub.pendingPermissions(ROOT).map((pending) => pending.permission.id)).toEqual(['per_2']);
  });

  it('knows the sub-agents that were made while nobody listened', async () => {
    const rig = EventRig.unconnected();
    rig.asked.sessions.push({ id: CHILD, parentID: ROOT, directory: DIRECTORY });

    await rig.connect();
    const watch = rig.watch(ROOT);
    rig.feed(durable(CHILD, 4));

    expect(watch.positions).toEqual([`${CHILD}:4`]);
  });
});
