import { setTimeout as pause } from 'node:timers/promises';
import { ascendingMessageId } from '../../src/common/opencode/opencode.ids.js';
import type {
  UpstreamAssistantMessage,
  UpstreamMessage,
  UpstreamMessageWithParts,
  UpstreamPart,
} from '../../src/common/opencode/opencode.types.js';
import type { RecordedEvent } from './records.js';

/** What goes wrong in a turn; said in its prompt as `MISBEHAVE:name`. The comments say what OpenCode's users reported. */
export const MISBEHAVIOURS = [
  'none',
  'busy-for-ever', // busy, and no frame any more
  'never-runs', // the prompt is stored, and nothing happens
  'idle-never', // the answer is complete, and no idle follows
  'idle-early', // idle twice before the last message, then the last message
  'no-events', // the connection lives, the records change, and no event comes
  'hole', // an event that was recorded is never sent
] as const;

export type Misbehaviour = (typeof MISBEHAVIOURS)[number];

export type Announce = (payload: object) => void;

/** Between the frames of a turn. */
const STEP_MS = 10;
/** How far the first `idle` of a turn came before its last message, when measured. */
const EARLY_IDLE_MS = 200;
/** Of an answer whose length the prompt gives: OpenCode emits 5,000 to 6,000 deltas a second at most. */
const WORDS_PER_MS = 6;
/** Longer than a gateway needs to wonder at the silence; then the next event shows what was missed. */
const DEAF_MS = 12_000;

/**
 * One session of the faulty upstream. Its turns have the order of frames of the recorded plain turn.
 *
 * `SAY:n` in a prompt makes the answer n words long, as fast as OpenCode can be; without, it has three, one after the other.
 */
export class FaultySession {
  readonly info;
  readonly messages: (UpstreamMessageWithParts & { info: UpstreamMessage; parts: UpstreamPart[] })[] = [];
  readonly history: RecordedEvent[] = [];
  isBusy = false;
  private isDeaf = false;
  private skipNext = false;

  constructor(
    title: string,
    directory: string,
    private readonly announce: Announce,
  ) {
    const id = ascendingMessageId(Date.now()).replace('msg', 'ses');
    const now = Date.now();
    this.info = { id, title, directory, projectID: 'global', path: '', version: '1.18.33', time: { created: now, updated: now } };
    this.record('session.created', { info: this.info });
  }

  rename(title: string): unknown {
    this.info.title = title;
    this.record('session.updated', { info: this.info });
    return this.info;
  }

  /** As `prompt_async`: returns when the prompt is stored. */
  prompt(body: Record<string, unknown>): true {
    const { messageID, parts } = body as { messageID: string; parts: { id: string; text: string }[] };
    const [sent] = parts;
    if (sent === undefined || this.messages.some(({ info }) => info.id === messageID)) return true;
    const user = { id: messageID, sessionID: this.info.id, role: 'user' as const, time: { created: Date.now() } };
    const part = { id: sent.id, messageID, sessionID: this.info.id, type: 'text' as const, text: sent.text };
    this.messages.push({ info: user, parts: [part] });
    this.record('message.updated', { info: user });
    this.record('message.part.updated', { part });
    const how = /MISBEHAVE:(\S+)/.exec(sent.text)?.[1] as Misbehaviour | undefined;
    const words = /SAY:(\d+)/.exec(sent.text)?.[1];
    void this.run(messageID, how ?? 'none', words === undefined ? undefined : Number(words));
    return true;
  }

  /** As OpenCode does: idle first, the last message behind it, idle again. */
  abort(): true {
    const last = this.messages.at(-1)?.info;
    if (this.isBusy && last?.role === 'assistant') {
      this.isBusy = false;
      this.tell('session.error', { error: { name: 'MessageAbortedError', data: { message: 'Aborted' } } });
      this.idle();
      this.update({
        ...last,
        error: { name: 'MessageAbortedError', data: { message: 'Aborted' } },
        time: { ...last.time, completed: Date.now() },
      });
    }
    this.idle();
    return true;
  }

  private async run(parentID: string, how: Misbehaviour, words: number | undefined): Promise<void> {
    if (how === 'never-runs') return;
    this.isDeaf = how === 'no-events';
    this.isBusy = true;
    await pause(STEP_MS);
    this.tell('session.status', { status: { type: 'busy' } });
    const id = ascendingMessageId(Date.now());
    const message: UpstreamAssistantMessage = { id, sessionID: this.info.id, role: 'assistant', parentID, time: { created: Date.now() } };
    this.messages.push({ info: message, parts: [] });
    this.update(message);
    if (how === 'busy-for-ever') return;
    await this.write(id, words === undefined ? slowly('one two three') : fast(words), how === 'hole');
    if (how === 'idle-early') {
      this.idle();
      this.idle();
      await pause(EARLY_IDLE_MS);
    }
    const completed = { ...message, finish: 'stop', time: { ...message.time, completed: Date.now() } };
    this.isBusy = false;
    this.update(completed);
    if (how !== 'idle-never') this.idle();
    if (this.isDeaf) await pause(DEAF_MS);
    this.isDeaf = false;
    this.record('session.updated', { info: this.info });
  }

  private async write(messageID: string, words: AsyncIterable<string>, withHole: boolean): Promise<void> {
    let text = '';
    const part = {
      id: ascendingMessageId(Date.now()).replace('msg', 'prt'),
      messageID,
      sessionID: this.info.id,
      type: 'text' as const,
      text: '',
      time: { start: Date.now() },
    };
    this.record('message.part.updated', { part });
    for await (const word of words) {
      text += word;
      this.tell('message.part.delta', { messageID, partID: part.id, field: 'text', delta: word });
    }
    this.skipNext = withHole;
    const closed = { ...part, text, time: { ...part.time, end: Date.now() } };
    this.messages.at(-1)?.parts.push(closed);
    this.record('message.part.updated', { part: closed });
  }

  private update(info: UpstreamMessage): void {
    const stored = this.messages.find((message) => message.info.id === info.id);
    if (stored !== undefined) stored.info = info;
    this.record('message.updated', { info });
  }

  private idle(): void {
    this.tell('session.status', { status: { type: 'idle' } });
    this.tell('session.idle', {});
  }

  /** A durable event: kept, and sent twice, plain and with its position. */
  private record(type: string, content: object): void {
    const data = structuredClone({ sessionID: this.info.id, ...content });
    const event = { id: newEventId(), aggregate_id: this.info.id, seq: this.history.length, type: `${type}.1`, data };
    this.history.push(event);
    if (this.skipNext) this.skipNext = false;
    else if (!this.isDeaf) {
      this.announce({ id: event.id, type, properties: data });
      this.announce({ id: event.id, type: 'sync', syncEvent: { ...event, aggregateID: event.aggregate_id } });
    }
  }

  private tell(type: string, content: object): void {
    if (!this.isDeaf) this.announce({ id: newEventId(), type, properties: { sessionID: this.info.id, ...content } });
  }
}

async function* slowly(text: string): AsyncGenerator<string> {
  for (const word of text.split(/(?<= )/)) {
    await pause(STEP_MS);
    yield word;
  }
}

async function* fast(count: number): AsyncGenerator<string> {
  for (let word = 0; word < count; word += 1) {
    if (word % WORDS_PER_MS === 0) await pause(1);
    yield `w${word} `;
  }
}

function newEventId(): string {
  return ascendingMessageId(Date.now()).replace('msg', 'evt');
}
