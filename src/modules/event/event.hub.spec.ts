import { Logger } from '@nestjs/common';
import { firstValueFrom } from 'rxjs';
import { readTranscript } from '../../../test/fixtures/transcripts/transcripts.js';
import { readConfig, type Config } from '../../common/config/config.js';
import type { EventConnectionListener } from '../../common/opencode/event-connection.js';
import { OpencodePool, type OpencodeMember } from '../../common/opencode/opencode.pool.js';
import type { UpstreamFrame } from '../../common/opencode/opencode.types.js';
import { UpstreamClock } from '../../common/opencode/upstream-clock.js';
import { Workspace } from '../../common/opencode/workspace.js';
import { EventHub } from './event.hub.js';
import type { GatewayEvent, WatchOptions } from './event.model.js';

const ROOT = 'ses_root';
const CHILD = 'ses_child';
const DIRECTORY = '/workspace/project';

/** A hub over an OpenCode that says what it is told to say. */
class Rig {
  readonly asked = { permissions: [] as object[], sessions: [] as object[] };
  readonly hub: EventHub;
  stopped = false;
  private listener: EventConnectionListener | undefined;

  constructor(settings: Partial<Config> = {}) {
    const member = {
      client: {
        sessions: async () => this.asked.sessions,
        statuses: async () => ({}),
        permissions: async () => this.asked.permissions,
        questions: async () => [],
      },
      events: {
        start: (listener: EventConnectionListener) => (this.listener = listener),
        stop: () => (this.stopped = true),
      },
      workspace: Workspace.atRemote(DIRECTORY),
      clock: new UpstreamClock(),
    } as unknown as OpencodeMember;
    this.hub = new EventHub(new OpencodePool(member), { ...readConfig({}), ...settings });
    this.hub.onApplicationBootstrap();
  }

  async connect(): Promise<void> {
    await this.listener?.onConnected();
  }

  lose(): void {
    this.listener?.onLost();
  }

  feed(...frames: readonly UpstreamFrame[]): void {
    for (const frame of frames) this.listener?.onFrame(frame, 100);
  }

  watch(sessionId: string, options: Partial<WatchOptions> = {}): Watch {
    return new Watch(this.hub.watchSession(sessionId, { textMode: 'delta', ...options }));
  }
}

class Watch {
  readonly events: GatewayEvent[] = [];
  error: unknown;
  private readonly subscription;

  constructor(events$: ReturnType<EventHub['watchSession']>) {
    this.subscription = events$.subscribe({ next: (event) => this.events.push(event), error: (error: unknown) => (this.error = error) });
  }

  leave(): void {
    this.subscription.unsubscribe();
  }

  /** `session:sequence` of the durable events. */
  get positions(): string[] {
    return this.events.flatMap(({ sessionId, sequence }) => (sequence === undefined ? [] : [`${sessionId}:${sequence}`]));
  }
}

function durable(sessionId: string, seq: number): UpstreamFrame {
  const data = { sessionID: sessionId, messageID: `msg_${seq}` };
  return {
    directory: DIRECTORY,
    payload: { type: 'sync', syncEvent: { id: '', type: 'message.removed.1', seq, aggregateID: sessionId, data } },
  };
}

function made(sessionId: string, parentID: string, seq = 0): UpstreamFrame {
  const info = { id: sessionId, parentID, directory: DIRECTORY, title: '', version: '', time: { created: 1, updated: 1 } };
  const data = { sessionID: sessionId, info };
  return {
    directory: DIRECTORY,
    payload: { type: 'sync', syncEvent: { id: '', type: 'session.created.1', seq, aggregateID: sessionId, data } },
  };
}

function status(sessionID: string, type: string): UpstreamFrame {
  return { directory: DIRECTORY, payload: { id: '', type: 'session.status', properties: { sessionID, status: { type } } } };
}

function permission(id: string): object {
  return { id, sessionID: ROOT, permission: 'bash' };
}

beforeAll(() => void Logger.overrideLogger(false));

describe('EventHub', () => {
  it('is ready once the present state was read, and not after the connection is lost', async () => {
    const rig = new Rig();

    const stages = [rig.hub.isReady];
    await rig.connect();
    stages.push(await firstValueFrom(rig.hub.ready$));
    rig.lose();
    stages.push(rig.hub.isReady);

    expect(stages).toEqual([false, true, false]);
  });

  it('tells a watcher of a root what its sub-agents do', () => {
    const rig = new Rig();
    const watch = rig.watch(ROOT);

    rig.feed(durable(ROOT, 3), made(CHILD, ROOT), durable(CHILD, 1), made('ses_grandchild', CHILD), durable('ses_grandchild', 1));

    expect(watch.positions).toEqual([`${ROOT}:3`, `${CHILD}:0`, `${CHILD}:1`, 'ses_grandchild:0', 'ses_grandchild:1']);
  });

  it('tells a watcher of a sub-agent only what that one does', () => {
    const rig = new Rig();
    rig.feed(made(CHILD, ROOT));
    const watch = rig.watch(CHILD);

    rig.feed(durable(ROOT, 3), durable(CHILD, 1));

    expect(watch.positions).toEqual([`${CHILD}:1`]);
  });

  it('tells nobody what happens outside the workspace', () => {
    const rig = new Rig();
    const watch = new Watch(rig.hub.watchAll('delta'));

    rig.feed({ ...durable(ROOT, 3), directory: '/elsewhere' }, { ...durable(ROOT, 3), directory: `${DIRECTORY}-too` });

    expect(watch.events).toEqual([]);
  });

  it('counts what it does not understand and goes on', () => {
    const rig = new Rig();
    const watch = rig.watch(ROOT);

    rig.feed({ directory: DIRECTORY, payload: { type: 'session.teleported', properties: { sessionID: ROOT } } }, durable(ROOT, 0));

    expect(rig.hub.frameCounts.unseen).toBe(1);
    expect(watch.positions).toEqual([`${ROOT}:0`]);
  });

  it('begins with the present state', () => {
    const rig = new Rig();
    rig.feed(status(ROOT, 'busy'));

    const watch = rig.watch(ROOT);

    expect(watch.events).toMatchObject([{ type: 'session_status', status: { type: 'busy' } }]);
  });

  it('shows the path of an edited file from the workspace on', () => {
    const rig = new Rig();
    const watch = new Watch(rig.hub.watchAll('delta'));

    rig.feed({ directory: DIRECTORY, payload: { type: 'file.edited', properties: { file: `${DIRECTORY}/src/a.ts` } } });

    expect(watch.events).toMatchObject([{ type: 'file_edited', path: 'src/a.ts' }]);
  });

  it('tells a watcher who left nothing more', () => {
    const rig = new Rig();
    const watch = rig.watch(ROOT);

    watch.leave();
    rig.feed(durable(ROOT, 0));

    expect(watch.events).toEqual([]);
  });

  it('ends its watchers on shutdown, and refuses new ones', () => {
    const rig = new Rig();
    const watches = [rig.watch(ROOT), new Watch(rig.hub.watchAll('delta'))];

    rig.hub.onModuleDestroy();
    watches.push(rig.watch(ROOT));

    for (const { error } of watches) expect(error).toMatchObject({ code: 'UNAVAILABLE', reason: 'SHUTTING_DOWN' });
    expect(rig.stopped).toBe(true);
  });
});

describe('EventHub resuming a watcher', () => {
  it('goes on with everything behind the position, once, wherever the recorded turn is cut', () => {
    const frames = readTranscript('extra/subagent-task');
    const uncut = new Rig();
    const [, sessionId = ''] = /"sessionID":"(ses_\w+)"/.exec(JSON.stringify(frames[0])) ?? [];
    const whole = uncut.watch(sessionId);
    uncut.feed(...frames);

    for (let cut = 2; cut < frames.length; cut += 1) {
      const rig = new Rig();
      const first = rig.watch(sessionId);
      rig.feed(...frames.slice(0, cut));
      first.leave();
      const own = first.events.filter((event) => event.sessionId === sessionId && event.sequence !== undefined);
      const position = own.at(-1)?.sequence ?? -1;
      const second = rig.watch(sessionId, { afterSequence: position });
      rig.feed(...frames.slice(cut));

      const seen = whole.positions.indexOf(`${sessionId}:${position}`);
      expect(second.positions).toEqual(whole.positions.slice(seen + 1));
    }
  });

  it('says resync when the position is no longer kept', () => {
    const rig = new Rig({ REPLAY_EVENTS: 2 });
    rig.feed(...[0, 1, 2, 3].map((seq) => durable(ROOT, seq)));

    const watch = rig.watch(ROOT, { afterSequence: 0 });

    expect(watch.events).toMatchObject([{ type: 'resync', sessionId: ROOT, lastSequence: 3 }]);
  });

  it('says resync to all who watch when a position was missed, and goes on', () => {
    const rig = new Rig();
    const watch = rig.watch(ROOT);

    rig.feed(durable(ROOT, 0), durable(ROOT, 2));

    expect(watch.events).toMatchObject([{ sequence: 0 }, { type: 'resync', sessionId: ROOT, lastSequence: 2 }, { sequence: 2 }]);
  });

  it('counts positions that callers do not see as seen', () => {
    const rig = new Rig();
    const watch = rig.watch(ROOT);
    const data = { sessionID: ROOT, part: { type: 'step-start', id: 'prt_1' } };
    const hidden = { id: '', type: 'message.part.updated.1', seq: 1, aggregateID: ROOT, data };

    rig.feed(durable(ROOT, 0), { directory: DIRECTORY, payload: { type: 'sync', syncEvent: hidden } }, durable(ROOT, 2));

    expect(watch.events.map(({ type }) => type)).not.toContain('resync');
  });
});

describe('EventHub after a lost connection', () => {
  it('says resync to those who watch, and that it is back', async () => {
    const rig = new Rig();
    await rig.connect();
    const watch = rig.watch(ROOT);
    let reconnected = 0;
    rig.hub.reconnected$.subscribe(() => (reconnected += 1));

    rig.lose();
    await rig.connect();

    expect(watch.events).toMatchObject([{ type: 'resync', sessionId: ROOT }]);
    expect(reconnected).toBe(1);
  });

  it('tells that a session became idle while nobody listened', async () => {
    const rig = new Rig();
    await rig.connect();
    rig.feed(status(ROOT, 'busy'));
    const watch = rig.watch(ROOT);

    rig.lose();
    await rig.connect();

    expect(watch.events.at(-1)).toMatchObject({ type: 'session_status', status: { type: 'idle' } });
    expect(rig.hub.isBusy(ROOT)).toBe(false);
  });

  it('closes requests that were answered in the meantime and keeps the others', async () => {
    const rig = new Rig();
    rig.asked.permissions.push(permission('per_1'), permission('per_2'));
    await rig.connect();

    rig.lose();
    rig.asked.permissions.shift();
    await rig.connect();

    expect(rig.hub.pendingPermissions(ROOT).map((pending) => pending.permission.id)).toEqual(['per_2']);
  });

  it('knows the sub-agents that were made while nobody listened', async () => {
    const rig = new Rig();
    rig.asked.sessions.push({ id: CHILD, parentID: ROOT, directory: DIRECTORY });

    await rig.connect();
    const watch = rig.watch(ROOT);
    rig.feed(durable(CHILD, 4));

    expect(watch.positions).toEqual([`${CHILD}:4`]);
  });
});
