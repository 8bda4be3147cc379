import { GatewayError } from '../../common/errors/gateway-error.js';

interface Line {
  running: boolean;
  readonly waiting: (() => Promise<void>)[];
}

/**
 * One line per session: OpenCode merges prompts that overlap and answers only the last.
 *
 * A session that does nothing keeps nothing here.
 */
export class TurnQueue {
  /** How many tasks were refused. */
  refused = 0;
  private readonly lines = new Map<string, Line>();

  constructor(private readonly maxWaiting: number) {}

  /** No session has anything to do. */
  get isEmpty(): boolean {
    return this.lines.size === 0;
  }

  /** How many tasks are before a new one. */
  lengthOf(sessionId: string): number {
    const line = this.lines.get(sessionId);
    return line === undefined ? 0 : line.waiting.length + Number(line.running);
  }

  /** Runs the task once all earlier ones of the session have ended. @throws GatewayError RESOURCE_EXHAUSTED when too many wait. */
  add(sessionId: string, task: () => Promise<void>): void {
    const line = this.lines.get(sessionId) ?? { running: false, waiting: [] };
    if (line.running && line.waiting.length >= this.maxWaiting) {
      this.refused += 1;
      throw new GatewayError('RESOURCE_EXHAUSTED', `${line.waiting.length} turns wait in session ${sessionId} already`, {
        reason: 'QUEUE_FULL',
        retryAfterMs: 5_000,
      });
    }
    this.lines.set(sessionId, line);
    line.waiting.push(task);
    if (!line.running) void this.work(sessionId, line);
  }

  private async work(sessionId: string, line: Line): Promise<void> {
    line.running = true;
    for (let task = line.waiting.shift(); task !== undefined; task = line.waiting.shift()) await task();
    this.lines.delete(sessionId);
  }
}
