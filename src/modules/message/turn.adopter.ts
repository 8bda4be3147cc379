import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { filter, type Subscription } from 'rxjs';
import { EventHub } from '../event/event.hub.js';
import { SessionService } from '../session/session.service.js';
import type { GatewayEvent } from '../event/event.model.js';
import { TurnLine } from './turn.line.js';
import { TurnRecords } from './turn.records.js';
import { endedTurn, toEvent } from './turn.registry.js';
import { TurnRunner } from './turn.runner.js';

/**
 * Takes over what OpenCode does in a session without a turn of ours: begun before this gateway started, at another one,
 * or in OpenCode's own interface. So its followers learn its end, and our next prompt waits for it instead of being merged.
 */
@Injectable()
export class TurnAdopter implements OnModuleDestroy {
  private readonly logger = new Logger(TurnAdopter.name);
  private readonly stopListening: () => void;
  private readonly subscription: Subscription;

  constructor(
    private readonly hub: EventHub,
    private readonly sessions: SessionService,
    private readonly records: TurnRecords,
    private readonly line: TurnLine,
    private readonly runner: TurnRunner,
  ) {
    this.stopListening = hub.listenAll((event) => {
      if (event.type === 'session_status' && event.status.type !== 'idle') this.consider(event.sessionId);
    });
    hub.onResume((sessionId) => this.recallEnd(sessionId));
    this.subscription = hub.ready$
      .pipe(filter(Boolean))
      .subscribe(() => hub.busySessions().forEach(({ sessionId }) => this.consider(sessionId)));
  }

  onModuleDestroy(): void {
    this.stopListening();
    this.subscription.unsubscribe();
  }

  /** Looks at a session that is said to be busy. Its line is held meanwhile: what is sent now waits behind what is found. */
  consider(sessionId: string): void {
    if (this.hub.rootIdOf(sessionId) !== sessionId || !this.line.isFree(sessionId)) return;
    this.line.addSurvey(sessionId, (onKnown) => this.adopt(sessionId, onKnown));
  }

  /** Resolves once it is known whether the session works on a turn that is not ours. */
  async untilKnown(sessionId: string): Promise<void> {
    await this.line.untilKnown(sessionId);
  }

  /** How the last turn ended, for a reader who comes back to a gateway that did not see it. */
  private async recallEnd(sessionId: string): Promise<GatewayEvent | undefined> {
    const { directory, parentId } = await this.sessions.get(sessionId);
    const found = parentId === undefined ? await this.records.findEnded({ sessionId, directory }) : undefined;
    if (found === undefined) return undefined;
    const { own, kind } = found.turn;
    return toEvent(endedTurn({ id: own.info.id, sessionId, directory, requestId: '', kind }, found.conclusion));
  }

  private async adopt(sessionId: string, onKnown: () => void): Promise<void> {
    try {
      const { directory, parentId } = await this.sessions.get(sessionId);
      // A sub-agent's work is part of its root's turn.
      if (parentId !== undefined) return;
      const last = await this.records.findLast({ sessionId, directory });
      if (last !== undefined) await this.runner.follow(last, directory, onKnown);
    } catch (error) {
      this.logger.debug(`Session ${sessionId} could not be looked at: ${String(error)}`);
    } finally {
      onKnown();
    }
  }
}
