import { Logger } from '@nestjs/common';
import { firstValueFrom } from 'rxjs';
import type { GatewayEvent, TurnState } from './event.model.js';
import { CHILD, DIRECTORY, EventRig, ROOT, Watch, durable, made, settle, status } from '../../../test/support/event-rig.js';

beforeAll(() => void Logger.overrideLogger(false));

describe('EventHub', () => {
  it('is ready once the present state was read, and not after the connection is lost', async () => {
    const rig = EventRig.unconnected();

    const stages = [rig.hub.isReady];
    await rig.connect();
    stages.push(await firstValueFrom(rig.hub.ready$));
    rig.lose();
    stages.push(rig.hub.isReady);

    expect(stages).toEqual([false, true, false]);
  });

  it('tells a watcher of a root what its sub-agents do', async () => {
    const rig = await EventRig.connected();
    const watch = rig.watch(ROOT);

    rig.feed(durable(ROOT, 3), made(CHILD, ROOT), durable(CHILD, 1), made('ses_grandchild', CHILD), durable('ses_grandchild', 1));

    expect(watch.positions).toEqual([`${ROOT}:3`, `${CHILD}:0`, `${CHILD}:1`, 'ses_grandchild:0', 'ses_grandchild:1']);
  });

  it('tells a watcher of a sub-agent only what that one does', async () => {
    const rig = await EventRig.connected();
    rig.feed(made(CHILD, ROOT));
    const watch = rig.watch(CHILD);

    rig.feed(durable(ROOT, 3), durable(CHILD, 1));

    expect(watch.positions).toEqual([`${CHILD}:1`]);
  });

  it('tells nobody what happens outside the workspace', async () => {
    const rig = await EventRig.connected();
    const watch = new Watch(rig.hub.watchAll({ textMode: 'delta' }));

    rig.feed({ ...durable(ROOT, 3), directory: '/elsewhere' }, { ...durable(ROOT, 3), directory: `${DIRECTORY}-too` });

    expect(watch.events).toEqual([]);
  });

  it('counts what it does not understand and goes on', async () => {
    const rig = await EventRig.connected();
    const watch = rig.watch(ROOT);

    rig.feed({ directory: DIRECTORY, payload: { type: 'session.teleported', properties: { sessionID: ROOT } } }, durable(ROOT, 0));

    expect([...rig.hub.tally.frames]).toEqual([
      ['other', 1],
      ['message_removed', 1],
    ]);
    expect(watch.positions).toEqual([`${ROOT}:0`]);
  });

  it('begins with the present state', async () => {
    const rig = await EventRig.connected();
    rig.feed(status(ROOT, 'busy'));

    const watch = rig.watch(ROOT);

    expect(watch.events).toMatchObject([{ type: 'session_status', status: { type: 'busy' } }]);
  });

  describe('where a turn ended before anybody looked', () => {
    const update = { turnId: 'msg_1', requestId: '', messageId: undefined, finish: undefined, failure: undefined };
    const ended = (state: TurnState): GatewayEvent => ({
      type: 'turn_updated',
      directory: DIRECTORY,
      sessionId: ROOT,
      eventId: '',
      sequence: undefined,
      turn: { ...update, state },
    });
    const statesOf = ({ events }: Watch) => events.flatMap((event) => (event.type === 'turn_updated' ? [event.turn.state] : []));

    it('tells its end once to who was told from the records, and to all others', async () => {
      const rig = await EventRig.connected();
      rig.hub.onResume(() => Promise.resolve(ended('aborted')));
      rig.feed(durable(ROOT, 3));
      const present = rig.watch(ROOT);
      const back = rig.watch(ROOT, { after: { sequence: 3 } });
      await settle();

      rig.hub.publish(ended('aborted'));

      expect([statesOf(present), statesOf(back)]).toEqual([['aborted'], ['aborted']]);
    });

    it('tells who was told from the records when it ended otherwise, or another did', async () => {
      const rig = await EventRig.connected();
      rig.hub.onResume(() => Promise.resolve(ended('interrupted')));
      rig.feed(durable(ROOT, 3));
      const back = rig.watch(ROOT, { after: { sequence: 3 } });
      await settle();

      rig.hub.publish(ended('completed'));

      expect(statesOf(back)).toEqual(['interrupted', 'completed']);
    });
  });

  it('shows the path of an edited file from the workspace on', async () => {
    const rig = await EventRig.connected();
    const watch = new Watch(rig.hub.watchAll({ textMode: 'delta' }));

    rig.feed({ directory: DIRECTORY, payload: { type: 'file.edited', properties: { file: `${DIRECTORY}/src/a.ts` } } });

    expect(watch.events).toMatchObject([{ type: 'file_edited', path: 'src/a.ts' }]);
  });

  it('tells a watcher who left nothing more', async () => {
    const rig = await EventRig.connected();
    const watch = rig.watch(ROOT);

    watch.leave();
    rig.feed(durable(ROOT, 0));

    expect(watch.events).toEqual([]);
  });

  it('ends its watchers on shutdown, and refuses new ones', async () => {
    const rig = await EventRig.connected();
    const watches = [rig.watch(ROOT), new Watch(rig.hub.watchAll({ textMode: 'delta' }))];

    rig.hub.onModuleDestroy();
    watches.push(rig.watch(ROOT));

    for (const { error } of watches) expect(error).toMatchObject({ code: 'UNAVAILABLE', reason: 'SHUTTING_DOWN' });
    expect(rig.stopped).toBe(true);
  });
});
