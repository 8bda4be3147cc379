import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../common/config/config.js';
import { TurnAborter } from './turn.aborter.js';
import type { Turn } from './turn.js';
import { TurnRegistry } from './turn.registry.js';
import { interrupted } from './turn.verdict.js';

const NOT_SENT = interrupted('GatewayStopped', 'The gateway stopped before OpenCode had the prompt');

/**
 * What becomes of turns when the gateway stops.
 *
 * An OpenCode that stays works on, and whoever looks next finds its turns there. One that ends with the gateway would leave them in the
 * middle, as if they still ran; aborted, they say so. Of turns that wait here nobody else knows.
 */
@Injectable()
export class TurnCloser {
  private readonly opencodeStays: boolean;

  constructor(
    private readonly registry: TurnRegistry,
    private readonly aborter: TurnAborter,
    @Inject(CONFIG) { OPENCODE_BASE_URL }: Config,
  ) {
    this.opencodeStays = OPENCODE_BASE_URL !== undefined;
  }

  /** Resolves once no turn waits here any more: OpenCode has them, or, where it ends too, they have ended as interrupted. */
  async handOver(): Promise<void> {
    if (!this.opencodeStays) return this.interruptQueued();
    for (let turns = this.registry.untaken(); turns.length > 0; turns = this.registry.untaken()) {
      await Promise.all(turns.map(({ taken }) => taken));
    }
  }

  /** Ends what could not be handed over, and aborts what would be left in the middle. Never rejects. */
  async close(): Promise<void> {
    this.interruptQueued();
    if (this.opencodeStays) return;
    const sessionIds = new Set(this.registry.begun().map(({ sessionId }) => sessionId));
    await Promise.allSettled([...sessionIds].map((sessionId) => this.aborter.abortAll(sessionId)));
  }

  private interruptQueued(): void {
    const isQueued = ({ state }: Turn): boolean => state === 'queued';
    for (const turn of this.registry.untaken().filter(isQueued)) turn.end(NOT_SENT);
  }
}
