import type { TaskFeed } from './task.feed.js';

/** A position holds at the feed that gave it: another gateway, or this one after a restart, counts anew. */
export function toPosition({ epoch }: Pick<TaskFeed, 'epoch'>, sequence: number): string {
  return `${epoch}.${sequence}`;
}

/** The sequence in a position of this feed; undefined: of none that is known. */
export function positionOf({ epoch }: Pick<TaskFeed, 'epoch'>, lastEventId: string | undefined): number | undefined {
  const [, of, sequence] = /^([\w-]+)\.(\d{1,15})$/.exec(lastEventId ?? '') ?? [];
  return of === epoch && sequence !== undefined ? Number(sequence) : undefined;
}
