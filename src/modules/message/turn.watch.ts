import type { EventHub } from '../event/event.hub.js';
import type { Turn } from './turn.js';

/** After an event that may mean the end: long enough for the frames that follow it, short enough not to be felt. */
export const GRACE_MS = 300;
/** A running turn of which nothing is heard is looked up this often. */
const SILENCE_MS = 10_000;

/** Feeds a turn with its session's events, and has it looked up when they hint at an end or stay away. */
export class TurnWatch {
  private stopListening: (() => void) | undefined;
  private silence: NodeJS.Timeout | undefined;
  private grace: NodeJS.Timeout | undefined;

  constructor(
    private readonly hub: EventHub,
    private readonly turn: Turn,
    private readonly lookUp: () => Promise<void>,
  ) {}

  /** Begins with what goes on in the session now; once is enough. */
  listen(): void {
    const { hub, turn } = this;
    this.stopListening ??= hub.listen(turn.sessionId, (event) => {
      if (turn.observe(event, Date.now())) this.lookUpSoon();
    });
    this.silence ??= setInterval(() => {
      if (Date.now() - turn.lastEventAtMs < SILENCE_MS) return;
      turn.lastEventAtMs = Date.now();
      void this.lookUp();
    }, SILENCE_MS / 4).unref();
  }

  lookUpSoon(): void {
    clearTimeout(this.grace);
    this.grace = setTimeout(() => void this.lookUp(), GRACE_MS);
  }

  stop(): void {
    this.stopListening?.();
    clearInterval(this.silence);
    clearTimeout(this.grace);
  }
}
