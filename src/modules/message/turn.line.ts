import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { EventHub } from '../event/event.hub.js';
import { OpencodePresence } from './opencode-presence.js';
import { TurnQueue } from './turn.queue.js';

/** The lines of all sessions: turns, and what must not overlap with them. */
@Injectable()
export class TurnLine {
  private readonly queue: TurnQueue;
  /** Sessions of which it is not known yet whether they work on a turn that is not ours. */
  private readonly surveys = new Map<string, Promise<void>>();
  /** What every turn waits for before it begins. */
  private held: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly hub: EventHub,
    readonly presence: OpencodePresence,
    @Inject(CONFIG) config: Config,
  ) {
    this.queue = new TurnQueue(config.MAX_QUEUED_TURNS);
  }

  /** How many tasks were refused because too many waited in their session. */
  get refused(): number {
    return this.queue.refused;
  }

  isFree(sessionId: string): boolean {
    return this.queue.lengthOf(sessionId) === 0;
  }

  /** Runs the task once all earlier ones of the session have ended; it must not reject. @throws GatewayError RESOURCE_EXHAUSTED */
  add(sessionId: string, task: () => Promise<void>): void {
    this.queue.add(sessionId, async () => {
      await this.held;
      await task();
    });
  }

  /** The same for a look at what the session does, which says when it knows. */
  addSurvey(sessionId: string, task: (onKnown: () => void) => Promise<void>): void {
    const survey = new Promise<void>((resolve) => this.add(sessionId, () => task(resolve)));
    this.surveys.set(sessionId, survey);
    void survey.then(() => this.surveys.delete(sessionId));
  }

  async untilKnown(sessionId: string): Promise<void> {
    await this.surveys.get(sessionId);
  }

  /** Runs something else in the session's line, so that no turn overlaps it. @throws GatewayError RESOURCE_EXHAUSTED; UNAVAILABLE */
  async run<T>(sessionId: string, task: () => Promise<T>): Promise<T> {
    this.presence.require();
    return new Promise((resolve, reject) => this.add(sessionId, () => task().then(resolve, reject)));
  }

  /** The same, at once or not at all. @throws GatewayError FAILED_PRECONDITION while the session is busy */
  async runWhenIdle<T>(sessionId: string, task: () => Promise<T>): Promise<T> {
    await this.untilKnown(sessionId);
    if (!this.isFree(sessionId)) throw new GatewayError('FAILED_PRECONDITION', 'The session is busy', { reason: 'SESSION_BUSY' });
    return this.run(sessionId, task);
  }

  /** Runs something that would abort every turn; what is sent meanwhile waits. @throws GatewayError FAILED_PRECONDITION while any session is busy */
  async runWhenAllIdle<T>(task: () => Promise<T>): Promise<T> {
    if (!this.queue.isEmpty || this.hub.busySessions().length > 0) {
      throw new GatewayError('FAILED_PRECONDITION', 'Turns are running, and this would abort them', { reason: 'TURNS_RUNNING' });
    }
    const done = task();
    this.held = done.catch(() => undefined);
    return done;
  }
}
