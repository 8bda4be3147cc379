import { Injectable } from '@nestjs/common';
import { EventHub } from '../event/event.hub.js';
import type { GatewayEvent, TurnUpdate } from '../event/event.model.js';
import { Turn, type Conclusion, type TurnIdentity } from './turn.js';
import { TurnOutcomes } from './turn.outcomes.js';

/** Who holds the turns that have not ended, and tells of them. */
@Injectable()
export class TurnRegistry {
  private readonly turns = new Map<string, Set<Turn>>();
  private readonly outcomes = new TurnOutcomes();

  constructor(private readonly hub: EventHub) {}

  /** A turn whose every state is told to those who follow its session; held until it is closed. */
  open(identity: TurnIdentity): Turn {
    // A turn that was told to have ended is not told to begin anew, unless it was interrupted and is sent once more.
    const told = this.outcomes.get(identity.sessionId);
    const isNews = told?.turnId !== identity.id || told.state === 'interrupted';
    const turn = new Turn(identity, (changed) => (isNews ? this.publish(changed) : undefined));
    const turns = this.turns.get(turn.sessionId) ?? new Set();
    this.turns.set(turn.sessionId, turns.add(turn));
    return turn;
  }

  close(turn: Turn): void {
    const turns = this.turns.get(turn.sessionId);
    turns?.delete(turn);
    if (turns?.size === 0) this.turns.delete(turn.sessionId);
  }

  publish(turn: Turn): void {
    if (turn.isEnded) this.outcomes.remember(turn.sessionId, turn.toUpdate());
    this.hub.publish(toEvent(turn));
  }

  /** Turns of a session that have not ended, in their order. */
  ofSession(sessionId: string): Turn[] {
    return [...(this.turns.get(sessionId) ?? [])].filter((turn) => !turn.isEnded);
  }

  find(sessionId: string, turnId: string): Turn | undefined {
    return this.ofSession(sessionId).find(({ id }) => id === turnId);
  }

  /** The turn a session works on or works on next. */
  current(sessionId: string): Turn | undefined {
    return this.ofSession(sessionId)[0];
  }

  /** Turns that OpenCode has, or is about to get. */
  begun(): Turn[] {
    return this.activeSessionIds()
      .flatMap((sessionId) => this.ofSession(sessionId))
      .filter(({ state }) => state !== 'queued');
  }

  /** Sessions with a turn that has not ended. */
  activeSessionIds(): string[] {
    return [...this.turns.keys()];
  }

  /** How the session's last turn ended, if it ended here. */
  lastOutcome(sessionId: string): TurnUpdate | undefined {
    return this.outcomes.get(sessionId);
  }
}

/** A turn that ended before anybody here asked for it; nobody is told. */
export function endedTurn(identity: TurnIdentity, conclusion: Conclusion): Turn {
  const turn = new Turn(identity, () => undefined);
  turn.conclude(conclusion);
  return turn;
}

export function toEvent(turn: Turn): GatewayEvent {
  return {
    type: 'turn_updated',
    sessionId: turn.sessionId,
    directory: turn.directory,
    eventId: '',
    sequence: undefined,
    turn: turn.toUpdate(),
  };
}
