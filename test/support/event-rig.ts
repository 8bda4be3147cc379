import type { Subscription } from 'rxjs';
import { GatewayError } from '../../src/common/errors/gateway-error.js';
import { readConfig, type Config } from '../../src/common/config/config.js';
import type { EventConnectionListener } from '../../src/common/opencode/event-connection.js';
import { OpencodePool, type OpencodeMember } from '../../src/common/opencode/opencode.pool.js';
import type { UpstreamFrame, UpstreamStoredEvent } from '../../src/common/opencode/opencode.types.js';
import { UpstreamClock } from '../../src/common/opencode/upstream-clock.js';
import { Workspace } from '../../src/common/opencode/workspace.js';
import { EventHub } from '../../src/modules/event/event.hub.js';
import { SessionOwners } from '../../src/modules/session/session.owners.js';
import type { GatewayEvent, WatchOptions } from '../../src/modules/event/event.model.js';

export const ROOT = 'ses_root';
export const CHILD = 'ses_child';
export const DIRECTORY = '/workspace/project';
/** Sessions from before that OpenCode lists. */
const ROOTS = [ROOT, 'ses_other'];

/** A hub over an OpenCode that says what it is told to say, and keeps what happened. */
export class EventRig {
  /** Sessions whose parents OpenCode was asked for, and those that it then tells of. */
  readonly lookedUp: string[] = [];
  readonly parents = new Map<string, string>();
  readonly asked = { permissions: [] as object[], sessions: [] as { id: string; parentID?: string; directory: string }[] };
  readonly owners: SessionOwners;
  readonly hub: EventHub;
  stopped = false;
  keepsHistory = true;
  private readonly stored: UpstreamStoredEvent[] = [];
  private listener: EventConnectionListener | undefined;

  private constructor(settings: Partial<Config>) {
    const member = {
      client: {
        sessions: async () =>
          [...ROOTS.map((id) => ({ id, directory: DIRECTORY })), ...this.asked.sessions, ...this.sessionsInStore()].map(withTimes),
        session: async (id: string) => this.tellSession(id),
        messages: async () => ({ messages: [] }),
        warmUp: async () => undefined,
        statuses: async () => ({}),
        permissions: async () => this.asked.permissions,
        questions: async () => [],
        history: async (positions: Record<string, number>) => this.tellHistory(positions),
      },
      events: {
        start: (listener: EventConnectionListener) => (this.listener = listener),
        stop: () => (this.stopped = true),
      },
      workspace: Workspace.atRemote(DIRECTORY),
      clock: new UpstreamClock(),
    } as unknown as OpencodeMember;
    const pool = new OpencodePool(member);
    const config = { ...readConfig({}), ...settings };
    this.owners = new SessionOwners(pool, config);
    this.hub = new EventHub(pool, this.owners, config);
    this.hub.onApplicationBootstrap();
  }

  static async connected(settings: Partial<Config> = {}): Promise<EventRig> {
    const rig = new EventRig(settings);
    await rig.connect();
    return rig;
  }

  static unconnected(): EventRig {
    return new EventRig({});
  }

  async connect(): Promise<void> {
    await this.listener?.onConnected();
  }

  lose(): void {
    this.listener?.onLost();
  }

  /** Happens, and is heard of. */
  feed(...frames: readonly UpstreamFrame[]): void {
    for (const frame of frames) {
      this.miss(frame);
      this.repeat(frame);
    }
  }

  /** Happens, and is not heard of. */
  miss(...frames: readonly UpstreamFrame[]): void {
    for (const { payload } of frames) {
      if (payload.syncEvent === undefined) continue;
      const { aggregateID, ...event } = payload.syncEvent;
      this.stored.push({ ...event, aggregate_id: aggregateID });
    }
  }

  /** Is heard of, though it did not happen now. */
  repeat(frame: UpstreamFrame): void {
    try {
      this.listener?.onFrame(frame, 100);
    } catch {
      // As the connection does.
      this.lose();
      void this.connect();
    }
  }

  watch(sessionId: string, options: Partial<WatchOptions> = {}): Watch {
    return new Watch(this.hub.watchSession(sessionId, { textMode: 'delta', ...options }));
  }

  private tellSession(id: string) {
    this.lookedUp.push(id);
    const parentID = this.parents.get(id) ?? this.sessionsInStore().find((session) => session.id === id)?.parentID;
    return { id, directory: DIRECTORY, title: 'now', time: { created: 1, updated: 1 }, ...(parentID !== undefined && { parentID }) };
  }

  private tellHistory(positions: Record<string, number>) {
    if (!this.keepsHistory) throw GatewayError.invalid('history', 'is not to be had today');
    return { events: this.stored.filter(({ aggregate_id, seq }) => seq > (positions[aggregate_id] ?? -1)), bytes: 1_000 };
  }

  private sessionsInStore(): { id: string; parentID?: string; directory: string }[] {
    return this.stored
      .filter(({ seq }) => seq === 0)
      .map(({ aggregate_id, data }) => {
        const { info } = data as { info?: { parentID: string } };
        return { id: aggregate_id, directory: DIRECTORY, ...(info !== undefined && { parentID: info.parentID }) };
      });
  }
}

function withTimes<T extends object>(session: T): T & { readonly time: object } {
  return { ...session, time: { created: 1, updated: 1 } };
}

export class Watch {
  readonly events: GatewayEvent[] = [];
  error: unknown;
  private readonly subscription: Subscription;

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

let lastEvent = 0;

export function nextEventId(): string {
  lastEvent += 1;
  return `evt_${String(lastEvent).padStart(6, '0')}`;
}

/** Lets what was begun come to its end. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

export function durable(sessionId: string, seq: number): UpstreamFrame {
  const data = { sessionID: sessionId, messageID: `msg_${seq}` };
  return {
    directory: DIRECTORY,
    payload: { type: 'sync', syncEvent: { id: nextEventId(), type: 'message.removed.1', seq, aggregateID: sessionId, data } },
  };
}

export function made(sessionId: string, parentID: string, seq = 0): UpstreamFrame {
  const info = { id: sessionId, parentID, directory: DIRECTORY, title: '', version: '', time: { created: 1, updated: 1 } };
  const data = { sessionID: sessionId, info };
  return {
    directory: DIRECTORY,
    payload: { type: 'sync', syncEvent: { id: nextEventId(), type: 'session.created.1', seq, aggregateID: sessionId, data } },
  };
}

/** The growing part of a session, finished when it has an end. */
export function textPart(sessionID: string, seq: number, text: string, end?: number): UpstreamFrame {
  const time = { start: 1, ...(end !== undefined && { end }) };
  const part = { id: `prt_${sessionID}`, messageID: `msg_${sessionID}`, sessionID, type: 'text', text, time };
  return {
    directory: DIRECTORY,
    payload: {
      type: 'sync',
      syncEvent: { id: nextEventId(), type: 'message.part.updated.1', seq, aggregateID: sessionID, data: { sessionID, part } },
    },
  };
}

export function textDelta(sessionID: string, delta: string): UpstreamFrame {
  const properties = { sessionID, messageID: `msg_${sessionID}`, partID: `prt_${sessionID}`, field: 'text', delta };
  return { directory: DIRECTORY, payload: { id: nextEventId(), type: 'message.part.delta', properties } };
}

export function status(sessionID: string, type: string): UpstreamFrame {
  return { directory: DIRECTORY, payload: { id: '', type: 'session.status', properties: { sessionID, status: { type } } } };
}

export function permission(id: string): object {
  return { id, sessionID: ROOT, permission: 'bash' };
}
