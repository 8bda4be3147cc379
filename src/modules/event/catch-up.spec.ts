import { Logger } from '@nestjs/common';
import { eventually } from '../../../test/support/eventually.js';
import { readTranscript } from '../../../test/fixtures/transcripts/transcripts.js';
import { CHILD, EventRig, ROOT, Watch, durable, made, settle, textDelta, textPart } from '../../../test/support/event-rig.js';

beforeAll(() => void Logger.overrideLogger(false));

describe('CatchUp', () => {
  it('goes on with everything behind the position, once, wherever the recorded turn is cut', async () => {
    const frames = readTranscript('extra/subagent-task');
    const uncut = await EventRig.connected();
    const [, sessionId = ''] = /"sessionID":"(ses_\w+)"/.exec(JSON.stringify(frames[0])) ?? [];
    const whole = uncut.watch(sessionId);
    uncut.feed(...frames);

    for (let cut = 2; cut < frames.length; cut += 1) {
      const rig = await EventRig.connected();
      const first = rig.watch(sessionId);
      rig.feed(...frames.slice(0, cut));
      first.leave();
      const own = first.events.filter((event) => event.sessionId === sessionId && event.sequence !== undefined);
      const position = own.at(-1)?.sequence ?? -1;
      const second = rig.watch(sessionId, { after: { sequence: position } });
      await settle();
      rig.feed(...frames.slice(cut));

      const seen = whole.positions.indexOf(`${sessionId}:${position}`);
      expect(second.positions).toEqual(whole.positions.slice(seen + 1));
    }
  });

  it('reads from OpenCode what is no longer kept', async () => {
    const rig = await EventRig.connected({ REPLAY_EVENTS: 2 });
    rig.feed(...[0, 1, 2, 3].map((seq) => durable(ROOT, seq)));

    const watch = rig.watch(ROOT, { after: { sequence: 0 } });
    await settle();
    rig.feed(durable(ROOT, 4));

    expect(watch.positions).toEqual([1, 2, 3, 4].map((seq) => `${ROOT}:${seq}`));
  });

  it('reads from OpenCode what happened before it listened, the sub-agents included', async () => {
    const rig = await EventRig.connected();
    rig.miss(durable(ROOT, 0), durable(ROOT, 1), made(CHILD, ROOT), durable(ROOT, 2), durable(CHILD, 1));

    const watch = rig.watch(ROOT, { after: { sequence: 1 } });
    await settle();
    rig.feed(durable(CHILD, 2), durable(ROOT, 3));
    await eventually(() => watch.positions.length >= 5);

    expect(watch.positions).toEqual([`${CHILD}:0`, `${ROOT}:2`, `${CHILD}:1`, `${CHILD}:2`, `${ROOT}:3`]);
  });

  it('shows no text that is older than what the reader was given', async () => {
    const rig = await EventRig.connected({ REPLAY_EVENTS: 0 });
    rig.feed(durable(ROOT, 0), textPart(ROOT, 1, ''), textDelta(ROOT, 'gro'));
    const end = textPart(ROOT, 2, 'grown', 9);
    rig.miss(end);

    const watch = rig.watch(ROOT, { textMode: 'accumulated', after: { sequence: 0 } });
    await settle();
    rig.repeat(end);
    await eventually(() => watch.events.some(({ type }) => type === 'session_status'));

    const texts = watch.events.flatMap((event) => (event.type === 'part_updated' && event.part.type === 'text' ? [event.part.text] : []));
    expect(texts).toEqual(['', 'grown']);
  });

  it('goes on behind an event of a sub-agent', async () => {
    const rig = await EventRig.connected();
    const frames = [durable(ROOT, 0), made(CHILD, ROOT), durable(CHILD, 1), durable(CHILD, 2), durable(ROOT, 1)];
    rig.feed(...frames);
    const eventId = frames[2]?.payload.syncEvent?.id;

    const fromRing = rig.watch(ROOT, { after: { sequence: 0, eventId } });
    const elsewhere = await EventRig.connected();
    elsewhere.miss(...frames);
    const fromHistory = elsewhere.watch(ROOT, { after: { sequence: 0, eventId } });
    await settle();

    for (const { positions } of [fromRing, fromHistory]) expect(positions).toEqual([`${CHILD}:2`, `${ROOT}:1`]);
  });

  it('waits for what its reader has from a replica that was quicker, and does not tell it again', async () => {
    const rig = await EventRig.connected();
    const late = durable(ROOT, 1);
    rig.feed(durable(ROOT, 0));
    rig.miss(late);

    const watch = rig.watch(ROOT, { after: { sequence: 1 } });
    await settle();
    rig.repeat(late);
    await settle();
    rig.feed(durable(ROOT, 2));

    expect(watch.positions).toEqual([`${ROOT}:2`]);
  });

  it.each([
    ['when OpenCode cannot tell what is no longer kept', 0],
    ['for a position that OpenCode does not know', 4_000],
  ])('says resync, gives the state and goes on %s', async (_, sequence) => {
    const rig = await EventRig.connected({ REPLAY_EVENTS: 2 });
    rig.feed(...[0, 1, 2, 3].map((seq) => durable(ROOT, seq)));
    rig.keepsHistory = sequence !== 0;

    const watch = rig.watch(ROOT, { after: { sequence } });
    while (watch.events.length < 3) await settle();
    rig.feed(durable(ROOT, 4));

    expect(watch.events).toMatchObject([
      { type: 'resync', sessionId: ROOT, lastSequence: 3 },
      { type: 'session_updated', session: { title: 'now' } },
      { type: 'session_status', status: { type: 'idle' } },
      { sequence: 4 },
    ]);
  });

  it('goes on among all events behind one that is kept, and says resync behind another', async () => {
    const rig = await EventRig.connected();
    const frames = [durable(ROOT, 0), durable('ses_other', 5), durable(ROOT, 1)];
    rig.feed(...frames);

    const resumed = new Watch(rig.hub.watchAll({ textMode: 'delta' }, frames[0]?.payload.syncEvent?.id));
    const lost = new Watch(rig.hub.watchAll({ textMode: 'delta' }, 'evt_gone'));

    expect(resumed.positions).toEqual(['ses_other:5', `${ROOT}:1`]);
    expect(lost.events).toMatchObject([{ type: 'resync', sessionId: '' }]);
  });
});
