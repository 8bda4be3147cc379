const PROBE_EVERY_MS = 5_000;

/**
 * Asks a server for its health now and then, and says once when it has been silent for too long.
 *
 * OpenCode's one thread can be starved for good by a model that streams without a pause (measured): it then answers
 * nothing, an abort neither, and only a signal ends it.
 */
export class HealthWatch {
  private readonly timer: NodeJS.Timeout;
  private answeredAtMs = Date.now();
  private isAsking = false;

  constructor(
    private readonly answers: () => Promise<boolean>,
    private readonly maxSilenceMs: number,
    private readonly onSilent: () => void,
    everyMs = PROBE_EVERY_MS,
  ) {
    this.timer = setInterval(() => void this.ask(), Math.min(everyMs, maxSilenceMs));
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async ask(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    if (await this.answers()) this.answeredAtMs = Date.now();
    this.isAsking = false;
    if (Date.now() - this.answeredAtMs < this.maxSilenceMs) return;
    this.stop();
    this.onSilent();
  }
}
