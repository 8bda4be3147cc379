import { Injectable } from '@nestjs/common';
import type { TurnUpdate } from '../event/event.model.js';
import type { Session } from '../session/session.model.js';
import type { Message } from './message.model.js';
import { TurnAdopter } from './turn.adopter.js';
import { TurnRecords } from './turn.records.js';
import { endedTurn, TurnRegistry } from './turn.registry.js';

/** A turn, whoever began it and wherever. */
export interface KnownTurn {
  readonly update: TurnUpdate;
  /** The message that began it; undefined while it waits for earlier turns. */
  readonly own: Message | undefined;
  /** What followed it so far. */
  readonly messages: readonly Message[];
}

/** Finds turns by their ids: those of this gateway, and those that only OpenCode's records tell of. */
@Injectable()
export class TurnLookup {
  constructor(
    private readonly registry: TurnRegistry,
    private readonly adopter: TurnAdopter,
    private readonly records: TurnRecords,
  ) {}

  /** Undefined when neither this gateway nor OpenCode knows it. */
  async find({ id: sessionId, directory }: Session, turnId: string): Promise<KnownTurn | undefined> {
    await this.adopter.untilKnown(sessionId);
    const live = this.registry.find(sessionId, turnId);
    if (live?.state === 'queued') return { update: live.toUpdate(), own: undefined, messages: [] };
    const past = await this.records.find(sessionId, turnId);
    if (live !== undefined && !live.isEnded) return { update: live.toUpdate(), own: past?.own, messages: past?.rest ?? [] };
    if (past === undefined) return undefined;
    const { own, rest: messages, kind } = past;
    const recalled = await this.records.recall({ sessionId, directory }, turnId);
    if (recalled.type === 'ended') {
      const turn = endedTurn({ id: turnId, sessionId, directory, requestId: '', kind }, recalled);
      return { update: turn.toUpdate(), own, messages: (await this.records.find(sessionId, turnId))?.rest ?? messages };
    }
    if (recalled.type === 'unknown') return undefined;
    // OpenCode works on it, or was given it a moment ago, by somebody else.
    this.adopter.consider(sessionId);
    await this.adopter.untilKnown(sessionId);
    return { update: this.registry.find(sessionId, turnId)?.toUpdate() ?? running(turnId), own, messages };
  }

  /** Every turn of a session, in order; those that wait at this gateway last. */
  async list({ id: sessionId, directory }: Session): Promise<KnownTurn[]> {
    const past = await this.records.list({ sessionId, directory });
    const told = past.map(({ turn: { own, rest: messages, kind }, conclusion }) => {
      const { id } = own.info;
      const live = this.registry.find(sessionId, id)?.toUpdate();
      const ended = conclusion && endedTurn({ id, sessionId, directory, requestId: '', kind }, conclusion).toUpdate();
      return { update: live ?? ended ?? running(id), own, messages };
    });
    const known = new Set(told.map(({ update }) => update.turnId));
    const waiting = this.registry.ofSession(sessionId).filter(({ id }) => !known.has(id));
    return [...told, ...waiting.map((turn) => ({ update: turn.toUpdate(), own: undefined, messages: [] }))];
  }
}

function running(turnId: string): TurnUpdate {
  return { turnId, state: 'running', requestId: '', messageId: undefined, finish: undefined, failure: undefined };
}
