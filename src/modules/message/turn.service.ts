import { Inject, Injectable } from '@nestjs/common';
import { firstValueFrom, from, Observable } from 'rxjs';
import type { Caller } from '../../common/access/caller.js';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { Audit, type Actor } from '../../common/logging/audit.js';
import { limitTime } from '../../common/streams/time-limit.js';
import { EventHub } from '../event/event.hub.js';
import type { GatewayEvent, TextMode, TurnUpdate } from '../event/event.model.js';
import type { Prompt } from './prompt.model.js';
import { PromptService } from './prompt.service.js';
import { TurnAborter } from './turn.aborter.js';
import type { Turn } from './turn.js';
import { toEvent } from './turn.registry.js';
import { TurnRequests } from './turn.requests.js';
import type { TurnTask } from './turn.task.js';

/** Sends prompts in three ways: stream, wait, forget. One turn at a time per session. Knows no transport. */
@Injectable()
export class TurnService {
  private readonly audit = new Audit();
  /** How long a caller may wait for a turn, where the operator set a limit. */
  private readonly limitMs: number | undefined;

  constructor(
    private readonly hub: EventHub,
    private readonly prompts: PromptService,
    private readonly requests: TurnRequests,
    private readonly aborter: TurnAborter,
    @Inject(CONFIG) config: Config,
  ) {
    this.limitMs = config.OPENCODE_TIMEOUT_STREAM === undefined ? undefined : config.OPENCODE_TIMEOUT_STREAM * 1_000;
  }

  /** Sends a prompt; resolves once OpenCode or the session's queue has it. @throws GatewayError as PromptService.accept and TurnRequests.submit */
  async send(prompt: Prompt, caller: Caller): Promise<TurnUpdate> {
    return (await this.begin(prompt, caller)).toUpdate();
  }

  /** Sends a prompt and gives its turn, once OpenCode or the session's queue has it. @throws GatewayError as `send` */
  async begin(prompt: Prompt, caller: Caller): Promise<Turn> {
    const { turn, accepted } = await this.requests.submit(await this.prompts.accept(prompt), caller);
    await accepted;
    return turn;
  }

  /** Carries a task out and waits for its end. Whoever stops waiting does not end the turn. @throws GatewayError as TurnRequests.submit */
  async run(task: TurnTask, caller: Caller): Promise<TurnUpdate> {
    const { turn, accepted } = await this.requests.submit(task, caller);
    await accepted;
    return firstValueFrom(from(turn.ended).pipe(limitTime(this.limitMs, tookTooLong)));
  }

  /** Sends a prompt when subscribed, and gives the session's events up to the turn's final update, which is the last. */
  async stream(prompt: Prompt, textMode: TextMode, caller: Caller): Promise<Observable<GatewayEvent>> {
    const task = await this.prompts.accept(prompt);
    this.requests.requireRoom(task, caller);
    const events$ = new Observable<GatewayEvent>((subscriber) => {
      let turn: Turn | undefined;
      const early: GatewayEvent[] = [];
      const next = (event: GatewayEvent): void => {
        if (turn === undefined) return void early.push(event);
        if (!isOf(turn, event)) return;
        subscriber.next(event);
        if (turn.isEnded && event.type === 'turn_updated' && event.turn.turnId === turn.id) subscriber.complete();
      };
      const fail = (error: unknown): void => subscriber.error(error);
      // Subscribed before the prompt leaves: nothing of the answer can be missed.
      const events = this.hub.watchSession(task.session.id, { textMode }).subscribe({ next, error: fail });
      this.requests.submit(task, caller).then((submission) => {
        const begun = submission.turn;
        turn = begun;
        if (!begun.isEnded) early.forEach(next);
        submission.accepted.catch(fail);
        // Of a turn that had ended before nothing is told any more.
        void begun.ended.then(() => subscriber.closed || next(toEvent(begun)));
      }, fail);
      return events;
    });
    return events$.pipe(limitTime(this.limitMs, tookTooLong));
  }

  /** Ends what a session does and what waits behind it. @throws GatewayError as TurnAborter.abort */
  async abort(sessionId: string, by: Actor): Promise<void> {
    await this.audit.carryOut({ action: 'turn.abort', target: sessionId, by }, 'done', () => this.aborter.abort(sessionId));
  }

  /** Ends one turn and nothing else. @throws GatewayError as TurnAborter.abortOne */
  async abortOne(sessionId: string, turnId: string, by: Actor): Promise<void> {
    const act = { action: 'turn.abort', target: `${sessionId}/${turnId}`, by } as const;
    await this.audit.carryOut(act, 'done', () => this.aborter.abortOne(sessionId, turnId));
  }
}

function tookTooLong(): GatewayError {
  return new GatewayError('DEADLINE_EXCEEDED', 'The turn did not end in time; it goes on without this caller', { reason: 'TURN_TIMEOUT' });
}

/** While a turn waits in the queue the session's events are another turn's. */
function isOf(turn: Turn, event: GatewayEvent): boolean {
  if (event.type === 'turn_updated') return event.turn.turnId === turn.id;
  return turn.state !== 'queued';
}
