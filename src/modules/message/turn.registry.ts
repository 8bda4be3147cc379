import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { EventHub } from '../event/event.hub.js';
import type { GatewayEvent, TurnUpdate } from '../event/event.model.js';
import { Turn, type Conclusion, type TurnIdentity } from './turn.js';
import { TurnOutcomes } from './turn.outcomes.js';

const RETRY_AFTER_MS = 5_000;

/** Who holds the turns that have not ended, and tells of them. */
@Injectable()
export class TurnRegistry {
  /** How often one turn more was too many: of all, and of one principal. */
  readonly refused = { all: 0, principal: 0 };
  private readonly turns = new Map<string, Set<Turn>>();
  private readonly outcomes = new TurnOutcomes();

  constructor(
    private readonly hub: EventHub,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Whether a principal may begin one more. What others began counts for nobody. @throws GatewayError RESOURCE_EXHAUSTED */
  requireRoom(principalId: string): void {
    const { MAX_TURNS, MAX_TURNS_PER_PRINCIPAL } = this.config;
    const all = this.unended().filter((turn) => turn.principalId !== undefined);
    const own = all.filter((turn) => turn.principalId === principalId);
    if (own.length >= MAX_TURNS_PER_PRINCIPAL) throw this.refuse('principal', `${own.length} turns of this caller run or wait already`);
    if (all.length >= MAX_TURNS) throw this.refuse('all', `${all.length} turns run or wait already`);
  }

  /**
   * A turn whose every state is told to those who follow its session; held until it is closed.
   *
   * @throws GatewayError RESOURCE_EXHAUSTED when somebody begins it who has too many
   */
  open(identity: TurnIdentity): Turn {
    if (identity.principalId !== undefined) this.requireRoom(identity.principalId);
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
    return this.unended().filter(({ state }) => state !== 'queued');
  }

  /** Turns that OpenCode does not have for sure. */
  untaken(): Turn[] {
    return this.unended().filter(({ isTaken }) => !isTaken);
  }

  /** Sessions with a turn that has not ended. */
  activeSessionIds(): string[] {
    return [...this.turns.keys()];
  }

  /** How the session's last turn ended, if it ended here. */
  lastOutcome(sessionId: string): TurnUpdate | undefined {
    return this.outcomes.get(sessionId);
  }

  /** Turns that run or wait. */
  unended(): Turn[] {
    return this.activeSessionIds().flatMap((sessionId) => this.ofSession(sessionId));
  }

  private refuse(limit: 'all' | 'principal', message: string): GatewayError {
    this.refused[limit] += 1;
    return new GatewayError('RESOURCE_EXHAUSTED', message, { reason: 'TOO_MANY_TURNS', retryAfterMs: RETRY_AFTER_MS });
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
