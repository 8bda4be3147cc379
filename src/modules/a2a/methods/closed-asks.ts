import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Principal } from '../../../common/access/principal.js';
import { EventHub } from '../../event/event.hub.js';
import type { GatewayEvent } from '../../event/event.model.js';
import { SessionOwners } from '../../session/session.owners.js';

const KEPT_MS = 10 * 60 * 1_000;
const MAX_KEPT = 10_000;

interface ClosedAsk {
  readonly sessionId: string;
  readonly atMs: number;
}

/** What was answered or withdrawn a short while ago, so that who answers late learns that it is over. */
@Injectable()
export class ClosedAsks implements OnModuleInit, OnModuleDestroy {
  /** The oldest first. */
  private readonly closed = new Map<string, ClosedAsk>();
  private stopListening: () => void = () => undefined;

  constructor(
    private readonly hub: EventHub,
    private readonly owners: SessionOwners,
  ) {}

  onModuleInit(): void {
    this.stopListening = this.hub.listenAll((event) => this.observe(event, Date.now()));
  }

  onModuleDestroy(): void {
    this.stopListening();
  }

  /** Whether somebody could have answered it until a short while ago. */
  has(askId: string, viewer: Principal, nowMs = Date.now()): boolean {
    const ask = this.closed.get(askId);
    return ask !== undefined && nowMs - ask.atMs < KEPT_MS && this.owners.shows(viewer, ask.sessionId);
  }

  private observe(event: GatewayEvent, nowMs: number): void {
    if (event.type === 'permission_replied') this.keep(event.permissionId, { sessionId: event.sessionId, atMs: nowMs });
    if (event.type === 'question_closed') this.keep(event.questionId, { sessionId: event.sessionId, atMs: nowMs });
  }

  private keep(id: string, ask: ClosedAsk): void {
    this.closed.delete(id);
    this.closed.set(id, ask);
    for (const [oldest, { atMs }] of this.closed) {
      if (this.closed.size <= MAX_KEPT && ask.atMs - atMs < KEPT_MS) return;
      this.closed.delete(oldest);
    }
  }
}
