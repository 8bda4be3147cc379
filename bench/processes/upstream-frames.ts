/** The one session of the scripted OpenCode. */
export const SESSION_ID = 'ses_e02eafccfffefnrmCp9Ziy1alq';
/** Where a ceiling follows the events, apart from the gateway. */
export const CEILING_EVENTS = '/ceiling/event';
export const WORKSPACE = '/workspace';
const DIRECTORY = `${WORKSPACE}/project`;
const PROJECT_ID = 'c5bbf01d334e97890cb2b67681fb96a97272b980';
const ID_PLACE = '<id>';
const DELTA_END = '"}}}\n\n';
const TICKS_PER_MS = 4_096;
const TIME_RANGE = 2 ** 48;

/** Of the present millisecond. */
let ticks = { atMs: 0, next: 0 };

/** An id as OpenCode makes them: 48 bits of time, then chance. */
function newId(prefix: 'evt' | 'msg' | 'prt'): string {
  const nowMs = Date.now();
  ticks = nowMs > ticks.atMs ? { atMs: nowMs, next: 0 } : { ...ticks, next: ticks.next + 1 };
  const time = (ticks.atMs * TICKS_PER_MS + ticks.next) % TIME_RANGE;
  return `${prefix}_${time.toString(16).padStart(12, '0')}001YAk0Kmibi7xHZ`;
}

export const session = {
  id: SESSION_ID,
  slug: 'brave-garden',
  projectID: PROJECT_ID,
  directory: DIRECTORY,
  path: '',
  title: 'Benchmark',
  version: '1.18.33',
  time: { created: Date.now(), updated: Date.now() },
};

export function toFrame(payload: object): string {
  return `data: ${JSON.stringify({ directory: DIRECTORY, project: PROJECT_ID, payload })}\n\n`;
}

/** Frames that carry no directory. */
export function toServerFrame(type: 'server.connected' | 'server.heartbeat'): string {
  return `data: ${JSON.stringify({ payload: { id: newId('evt'), type, properties: {} } })}\n\n`;
}

/** A durable event that OpenCode keeps. */
export interface StoredEvent {
  readonly id: string;
  readonly aggregate_id: string;
  readonly seq: number;
  readonly type: string;
  readonly data: object;
}

/** The `nth` event of a long history: a text part of a usual length, whole. */
export function toStoredEvent(nth: number): StoredEvent {
  const messageID = `msg_${String(Math.floor(nth / 10)).padStart(12, '0')}001YAk0Kmibi7xHZ`;
  const time = { start: session.time.created, end: session.time.created };
  const part = { id: newId('prt'), messageID, sessionID: SESSION_ID, type: 'text', text: `${nth} `.repeat(50), time };
  const data = { sessionID: SESSION_ID, part, time: time.end };
  return { id: newId('evt'), aggregate_id: SESSION_ID, seq: nth, type: 'message.part.updated.1', data };
}

/** The `nth` of many other sessions is made. */
export function toOtherSession(nth: number): string {
  const id = `ses_other${nth}`;
  const syncEvent = {
    id: newId('evt'),
    type: 'session.created.1',
    seq: 0,
    aggregateID: id,
    data: { sessionID: id, info: { ...session, id } },
  };
  return toFrame({ type: 'sync', syncEvent, id: syncEvent.id });
}

/** One assistant message whose text grows delta by delta, as `/global/event` tells it. */
export class GrowingMessage {
  private readonly messageId = newId('msg');
  private readonly startedAtMs = Date.now();
  private partId = newId('prt');
  private text = '';
  private frame: { readonly beforeId: string; readonly beforeDelta: string } = { beforeId: '', beforeDelta: '' };

  constructor(
    /** Numbers the session's durable events, without a hole for those who are told of them. */
    private readonly numbers: { next: number },
  ) {}

  begin(): string {
    const info = { id: this.messageId, sessionID: SESSION_ID, role: 'assistant', modelID: 'scripted', providerID: 'scripted' };
    return this.durable('message.updated', { info: { ...info, time: { created: this.startedAtMs } } }) + this.beginPart();
  }

  beginPart(): string {
    this.partId = newId('prt');
    this.text = '';
    const properties = { sessionID: SESSION_ID, messageID: this.messageId, partID: this.partId, field: 'text', delta: '' };
    // Deltas differ in id and text alone: with the rest made once the script is faster than what it feeds.
    const [beforeId = '', beforeDelta = ''] = toFrame({ id: ID_PLACE, type: 'message.part.delta', properties }).split(ID_PLACE);
    this.frame = { beforeId, beforeDelta: beforeDelta.slice(0, -DELTA_END.length) };
    return this.part({ start: this.startedAtMs });
  }

  grow(delta: string): string {
    this.text += delta;
    return `${this.frame.beforeId}${newId('evt')}${this.frame.beforeDelta}${delta}${DELTA_END}`;
  }

  endPart(): string {
    return this.part({ start: this.startedAtMs, end: Date.now() });
  }

  private part(time: { readonly start: number; readonly end?: number }): string {
    const part = { id: this.partId, messageID: this.messageId, sessionID: SESSION_ID, type: 'text', text: this.text, time };
    return this.durable('message.part.updated', { part, time: Date.now() });
  }

  /** A durable event goes out twice: plain, then as `sync` with its position. */
  private durable(type: string, content: object): string {
    const id = newId('evt');
    const properties = { sessionID: SESSION_ID, ...content };
    const syncEvent = { id, type: `${type}.1`, seq: this.numbers.next, aggregateID: SESSION_ID, data: properties };
    this.numbers.next += 1;
    return toFrame({ id, type, properties }) + toFrame({ type: 'sync', syncEvent, id });
  }
}
