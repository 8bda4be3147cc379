import { Subject } from 'rxjs';
import type { FrameContent } from './event.mapper.js';

/** What a frame told; `other`: twins of durable events, and types that we do not know or do not show. */
export type FrameType = FrameContent['type'] | 'other';

/** What has come of OpenCode's events, since the start; plain numbers, for they are counted on the hot path. */
export class EventTally {
  readonly frames = new Map<FrameType, number>();
  /** How often events were missing. */
  holes = 0;
  /** How often a reader was told that it missed events for good. */
  resyncs = 0;
  /** Seconds from OpenCode's clock to the writes; of growing text samples. */
  readonly lag$ = new Subject<number>();

  count(content: FrameContent | undefined): void {
    const type = content?.type ?? 'other';
    this.frames.set(type, (this.frames.get(type) ?? 0) + 1);
  }
}
