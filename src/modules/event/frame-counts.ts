import type { FrameContent } from './event.mapper.js';

/** How many frames of OpenCode told what, since the start. */
export class FrameCounts {
  durable = 0;
  transient = 0;
  delta = 0;
  /** Twins of durable events, and types that we do not know or do not show. */
  unseen = 0;

  count(content: FrameContent | undefined): void {
    if (content === undefined) this.unseen += 1;
    else if (content.type === 'text_growth') this.delta += 1;
    else if (content.sequence !== undefined) this.durable += 1;
    else this.transient += 1;
  }
}
