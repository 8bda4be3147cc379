/** The one session of the scripted OpenCode. */
export const SESSION_ID = 'ses_e02eafccfffefnrmCp9Ziy1alq';
/** Where a ceiling follows the events, apart from the gateway. */
export const CEILING_EVENTS = '/ceiling/event';
export const WORKSPACE = '/workspace';
const DIRECTORY = `${WORKSPACE}/project`;
const PROJECT_ID = 'c5bbf01d334e97890cb2b67681fb96a97272b980';
const TICKS_PER_MS = 4_096n;
const TIME_MASK = (1n << 48n) - 1n;

let lastTick = 0n;

/** An id as OpenCode makes them: 48 bits of time, then chance. */
function newId(prefix: 'evt' | 'msg' | 'prt'): string {
  const tick = BigInt(Date.now()) * TICKS_PER_MS;
  lastTick = tick > lastTick ? tick : lastTick + 1n;
  return `${prefix}_${(lastTick & TIME_MASK).toString(16).padStart(12, '0')}001YAk0Kmibi7xHZ`;
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

/** One assistant message whose text grows delta by delta, as `/global/event` tells it. */
export class GrowingMessage {
  private static sequence = 0;
  private readonly messageId = newId('msg');
  private readonly startedAtMs = Date.now();
  private partId = newId('prt');
  private text = '';
  private frameStart = '';

  begin(): string {
    const info = { id: this.messageId, sessionID: SESSION_ID, role: 'assistant', modelID: 'scripted', providerID: 'scripted' };
    return this.durable('message.updated', { info: { ...info, time: { created: this.startedAtMs } } }) + this.beginPart();
  }

  beginPart(): string {
    this.partId = newId('prt');
    this.text = '';
    const properties = { sessionID: SESSION_ID, messageID: this.messageId, partID: this.partId, field: 'text', delta: '' };
    // Deltas differ in their text alone: with the rest made once the script is faster than what it feeds.
    this.frameStart = toFrame({ id: newId('evt'), type: 'message.part.delta', properties }).slice(0, -'"}}}\n\n'.length);
    return this.part({ start: this.startedAtMs });
  }

  grow(delta: string): string {
    this.text += delta;
    return `${this.frameStart}${delta}"}}}\n\n`;
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
    const syncEvent = { id, type: `${type}.1`, seq: GrowingMessage.sequence, aggregateID: SESSION_ID, data: properties };
    GrowingMessage.sequence += 1;
    return toFrame({ id, type, properties }) + toFrame({ type: 'sync', syncEvent, id });
  }
}
