import { GatewayError } from '../../common/errors/gateway-error.js';
import type { OpencodeMember } from '../../common/opencode/opencode.pool.js';
import type { UpstreamSession, UpstreamStoredEvent } from '../../common/opencode/opencode.types.js';
import { fromStoredEvent, type OrderedContent } from './event.mapper.js';

/** OpenCode's query has a term for each session and fails from about 1,000 on. */
const MAX_SESSIONS = 900;
/** While OpenCode reads its history it answers nothing else, so after each reading it is left alone this many times as long. */
const REST_FACTOR = 9;
/** Whoever would have to wait longer for the next reading does without. */
const MAX_WAIT_MS = 10_000;
const ALL = Number.MAX_SAFE_INTEGER;

/** What is wanted of OpenCode's history: the events of a session and of those below it. */
export interface HistoryRequest {
  readonly rootId: string;
  /** Positions up to which the events of a session are known; a session without one is wanted whole. */
  readonly known: ReadonlyMap<string, number>;
}

export interface StoredEvent {
  readonly content: OrderedContent & { readonly sequence: number };
  /** Its share of the answer, in characters. */
  readonly size: number;
}

interface Waiting {
  readonly request: HistoryRequest;
  readonly resolve: (events: StoredEvent[] | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The durable events that OpenCode keeps, for readers that come back from before what we keep ourselves.
 *
 * OpenCode reads its whole table for a question (measured: 0.1 s for 50,000 events, 1.6 s for 250,000), so all who ask at
 * the same time share one, the next must wait in proportion, and a large store is not asked at all.
 */
export class EventHistory {
  private waiting: Waiting[] = [];
  private reading = false;
  private restUntilMs = 0;
  /** What the reading before the last took. */
  private tookMs = 0;

  constructor(
    private readonly member: OpencodeMember,
    /** Of one answer of OpenCode. */
    private readonly maxBytes: number,
  ) {}

  /**
   * In the order they happened, a session's own always by their number; undefined when OpenCode cannot tell, or not at a fair price.
   *
   * @throws GatewayError UNAVAILABLE when OpenCode is away
   */
  read(request: HistoryRequest): Promise<StoredEvent[] | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ request, resolve, reject });
      if (!this.reading) void this.readWaiting();
    });
  }

  private async readWaiting(): Promise<void> {
    this.reading = true;
    while (this.waiting.length > 0) {
      const waitMs = Math.max(0, this.restUntilMs - Date.now());
      if (waitMs > MAX_WAIT_MS) {
        refuse(this.waiting.splice(0));
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      const batch = this.waiting.splice(0);
      const startedAtMs = Date.now();
      await this.readBatch(batch);
      this.rest(Date.now() - startedAtMs);
    }
    this.reading = false;
  }

  /** One slow reading may be OpenCode's own start (measured: 4.6 s on a busy machine for 16 events); two say that the store is large. */
  private rest(tookMs: number): void {
    this.restUntilMs = Date.now() + REST_FACTOR * Math.min(tookMs, this.tookMs);
    this.tookMs = tookMs;
  }

  private async readBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const trees = new SessionTrees(await this.member.client.sessions(MAX_SESSIONS + 1));
      if (trees.size > MAX_SESSIONS) return refuse(batch);
      const { events, bytes } = await this.member.client.history(trees.toPositions(batch.map(({ request }) => request)), this.maxBytes);
      const size = bytes / Math.max(events.length, 1);
      const bySession = groupBy(events, ({ aggregate_id }) => aggregate_id);
      for (const { request, resolve } of batch) resolve(trees.pick(request, bySession).map((content) => ({ content, size })));
    } catch (error) {
      const code = error instanceof GatewayError ? error.code : undefined;
      if (code === 'UNAVAILABLE') return batch.forEach(({ reject }) => reject(error));
      if (code !== 'RESOURCE_EXHAUSTED' || batch.length === 1) return refuse(batch);
      // Together they want too much; each alone may not.
      const half = Math.ceil(batch.length / 2);
      await this.readBatch(batch.slice(0, half));
      await this.readBatch(batch.slice(half));
    }
  }
}

function refuse(batch: readonly Waiting[]): void {
  for (const { resolve } of batch) resolve(undefined);
}

/** The sessions of an OpenCode, with those above them. */
class SessionTrees {
  private readonly directories: ReadonlyMap<string, string>;
  private readonly children: ReadonlyMap<string | undefined, readonly UpstreamSession[]>;

  constructor(sessions: readonly UpstreamSession[]) {
    this.directories = new Map(sessions.map(({ id, directory }) => [id, directory]));
    this.children = groupBy(sessions, ({ parentID }) => parentID);
  }

  get size(): number {
    return this.directories.size;
  }

  /** What to ask OpenCode for: behind these positions is all that the requests want, and of other sessions nothing. */
  toPositions(requests: readonly HistoryRequest[]): Record<string, number> {
    const positions = new Map([...this.directories.keys()].map((id) => [id, ALL]));
    for (const { rootId, known } of requests) {
      for (const id of this.treeOf(rootId)) positions.set(id, Math.min(positions.get(id) ?? ALL, known.get(id) ?? -1));
    }
    return Object.fromEntries([...positions].filter(([, position]) => position >= 0));
  }

  pick({ rootId, known }: HistoryRequest, bySession: ReadonlyMap<string, readonly UpstreamStoredEvent[]>): StoredEvent['content'][] {
    const runs = this.treeOf(rootId).map((id) =>
      (bySession.get(id) ?? [])
        .filter(({ seq }) => seq > (known.get(id) ?? -1))
        .map((event) => fromStoredEvent(event, this.directories.get(id) ?? ''))
        .filter((content): content is StoredEvent['content'] => content.sequence !== undefined),
    );
    return mergeByEventId(runs);
  }

  private treeOf(rootId: string): string[] {
    return [rootId, ...(this.children.get(rootId) ?? []).flatMap(({ id }) => this.treeOf(id))];
  }
}

/** Ids of events ascend with time over all sessions; within one its own order holds, even if a clock was set back. */
function mergeByEventId(runs: readonly StoredEvent['content'][][]): StoredEvent['content'][] {
  const heads = runs.map((run) => ({ run, next: 0 }));
  const merged: StoredEvent['content'][] = [];
  for (;;) {
    let first: (typeof heads)[number] | undefined;
    for (const head of heads) {
      const event = head.run[head.next];
      const best = first?.run[first.next];
      if (event !== undefined && (best === undefined || event.eventId < best.eventId)) first = head;
    }
    const event = first?.run[first.next];
    if (first === undefined || event === undefined) return merged;
    merged.push(event);
    first.next += 1;
  }
}

function groupBy<K, T>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
