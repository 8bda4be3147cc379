import type { TaskEvent } from '../a2a.model.js';

/** What a reader may be behind before it is shown the whole task instead. */
const MAX_EVENTS = 4_096;
const MAX_CHARACTERS = 1024 * 1024;

/**
 * The newest events of a task, for readers at their own pace.
 *
 * Readers hold a position and no queue: a slow one costs nothing, and finds neighbouring pieces of one text as one.
 */
export class TaskLog {
  private events: TaskEvent[] = [];
  /** How many at the head of `events` are forgotten; they are cut off now and then, so that an event costs the same always. */
  private forgotten = 0;
  private characters = 0;

  push(event: TaskEvent): void {
    this.events.push(event);
    this.characters += weightOf(event);
    while (this.events.length - this.forgotten > MAX_EVENTS || this.characters > MAX_CHARACTERS) this.forgetOldest();
    if (this.forgotten > MAX_EVENTS) {
      this.events = this.events.slice(this.forgotten);
      this.forgotten = 0;
    }
  }

  /** What followed a sequence, texts merged; undefined when it is no longer kept whole. */
  since(sequence: number): TaskEvent[] | undefined {
    const first = this.events[this.forgotten];
    const last = this.events.at(-1);
    if (last === undefined || last.sequence <= sequence) return [];
    if (first === undefined || first.sequence > sequence + 1) return undefined;
    // Sequences ascend one by one.
    const from = this.forgotten + sequence + 1 - first.sequence;
    return from === this.events.length - 1 ? [last] : merge(this.events.slice(from));
  }

  private forgetOldest(): void {
    const oldest = this.events[this.forgotten];
    if (oldest === undefined) return;
    this.characters -= weightOf(oldest);
    this.forgotten += 1;
  }
}

function weightOf(event: TaskEvent): number {
  if (event.type === 'text') return event.delta.length;
  return event.type === 'rewrite' ? event.lane.text.length : 0;
}

function merge(events: readonly TaskEvent[]): TaskEvent[] {
  const merged: TaskEvent[] = [];
  let run: Extract<TaskEvent, { type: 'text' }>[] = [];
  const closeRun = (): void => {
    const [first] = run;
    const last = run.at(-1);
    if (first !== undefined && last !== undefined) merged.push(run.length === 1 ? first : { ...last, ...span(first), delta: textOf(run) });
    run = [];
  };
  for (const event of events) {
    if (event.type === 'text') {
      if (run[0] !== undefined && run[0].lane.id !== event.lane.id) closeRun();
      run.push(event);
    } else {
      closeRun();
      merged.push(event);
    }
  }
  closeRun();
  return merged;
}

/** What the first piece alone tells. */
function span({ isFirst, isFirstOutput }: Extract<TaskEvent, { type: 'text' }>) {
  return { isFirst, isFirstOutput };
}

function textOf(run: readonly Extract<TaskEvent, { type: 'text' }>[]): string {
  return run.map(({ delta }) => delta).join('');
}
