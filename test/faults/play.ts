import { setTimeout as pause } from 'node:timers/promises';
import type { GlobalEvent, TurnState } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { PermissionService } from '../../src/common/grpc/generated/tool_pb.js';
import { bodiesOf, finalStates } from '../support/conversation.js';
import { CallError, type Door } from '../support/door.js';
import { Caller, insist, openDoor, type Outcome } from './caller.js';
import type { GatewayAddress } from './event-streams.js';
import { Reader } from './reader.js';
import type { PromptPlan, SessionPlan } from './schedule.js';
import type { Lane } from './stage.js';

const NOT_FOUND = 5;
/** How long a request for permission is ignored before somebody aborts. */
const IGNORED_MS = 150;
/** A witness that came back is no event. */
const LOOK_AGAIN_MS = 100;

/** A prompt that was sent, and how it went for its sender. */
export interface Sent {
  readonly plan: PromptPlan;
  readonly requestId: string;
  readonly caller: Caller;
  outcome: Outcome | undefined;
}

/** One session of a run while it is played: its prompts and their senders, its readers, and what people do in between. */
export class SessionPlay {
  readonly sent: Sent[] = [];
  readonly readers: Reader[] = [];
  /** An abort was asked for. */
  aborted = false;
  /** Answers and aborts that failed for no reason of theirs. */
  readonly complaints: string[] = [];
  private readonly answered = new Set<string>();
  private readonly tasks: Promise<unknown>[] = [];
  private readonly giveUp = new AbortController();
  private readonly stepped: (() => void)[] = [];

  private constructor(
    private readonly lane: Lane,
    readonly plan: SessionPlan,
    readonly sessionId: string,
    private readonly name: string,
  ) {}

  /** Makes the session and seats its readers, before any fault. */
  static async begin(lane: Lane, plan: SessionPlan, name: string): Promise<SessionPlay> {
    const door = openDoor('grpc', lane.gateway.address());
    const { id } = await door.call(SessionService.method.createSession, { title: name });
    lane.records.know(id);
    const play = new SessionPlay(lane, plan, id, name);
    const here = (): GatewayAddress => lane.gateway.address();
    const elsewhere = (): GatewayAddress => lane.elsewhere.address();
    // The witness never leaves: what is told once, such as the states of a turn, it must have heard.
    play.readers.push(new Reader('witness', id, { door: 'grpc', deltas: false, habits: [] }, [here]));
    plan.readers.forEach((reader, index) => play.readers.push(new Reader(`reader ${index}`, id, reader, [here, elsewhere])));
    play.witness.onEvent((event) => play.onEvent(event));
    // Seen by everybody, this change shows that everybody listens.
    await door.call(SessionService.method.updateSession, { sessionId: id, title: `${name}, begun` });
    while (play.readers.some((reader) => reader.position.sequence < 1)) await pause(5);
    door.close();
    return play;
  }

  get witness(): Reader {
    return this.readers[0] as Reader;
  }

  /** Sends the prompts; resolves when each has ended for its sender and for the witness. */
  async perform(): Promise<void> {
    for (const plan of this.plan.prompts) {
      if (!plan.queued) await this.untilAllEnded();
      if (this.giveUp.signal.aborted) return;
      this.send(plan);
    }
    await this.untilAllEnded();
    await Promise.all(this.tasks);
  }

  /** Something runs that perhaps only an abort ends; one that was sent again, or came behind its abort, needs another. */
  get awaitsAbort(): boolean {
    return this.sent.some((sent) => sent.plan.abortAfter !== undefined && !this.hasEnded(sent));
  }

  /** Aborts, as somebody does who has waited long enough. */
  async abort(): Promise<void> {
    this.aborted = true;
    await this.call((door) => door.call(MessageService.method.abortSession, { sessionId: this.sessionId }));
  }

  /** Nobody tries anything any more. */
  stopTrying(): void {
    this.giveUp.abort();
    for (const { caller } of this.sent) caller.giveUp();
    this.step();
  }

  finalsOf(requestId: string): TurnState[] {
    const told = bodiesOf(this.witness.events, 'turnUpdated').filter((turn) => turn.requestId === requestId);
    return finalStates(this.witness.events.filter(({ event }) => event.case === 'turnUpdated' && told.includes(event.value)));
  }

  private send(plan: PromptPlan): void {
    const requestId = `${this.name}-p${this.sent.length}`;
    const caller = new Caller({ plan, sessionId: this.sessionId, requestId }, this.lane.gateway, this.lane.elsewhere);
    const sent: Sent = { plan, requestId, caller, outcome: undefined };
    this.sent.push(sent);
    void caller.outcome.then((outcome) => {
      sent.outcome = outcome;
      this.step();
    });
    if (plan.abortAfter !== undefined) this.lane.proxy.afterFrames(plan.abortAfter, () => this.do(this.abort()));
    if (plan.vanishAfter !== undefined) this.lane.proxy.afterFrames(plan.vanishAfter, () => caller.vanish());
  }

  /** What was sent elsewhere is another gateway's turn, and a new process knows nothing of its predecessor's. */
  private hasEnded({ plan, requestId, outcome, caller }: Sent): boolean {
    if (outcome === undefined) return false;
    const isToldHere = outcome.kind === 'accepted' && !(caller.tries > 1 && plan.repeatElsewhere) && this.witness.timesOpened === 1;
    return !isToldHere || this.finalsOf(requestId).length > 0;
  }

  private async untilAllEnded(): Promise<void> {
    while (!this.giveUp.signal.aborted && !this.sent.every((sent) => this.hasEnded(sent))) {
      await Promise.race([new Promise<void>((resolve) => this.stepped.push(resolve)), pause(LOOK_AGAIN_MS)]);
    }
  }

  private step(): void {
    for (const wake of this.stepped.splice(0)) wake();
  }

  private onEvent({ event }: GlobalEvent): void {
    if (event.case === 'turnUpdated') this.step();
    if (event.case === 'permissionCreated' && event.value.permission !== undefined) this.do(this.answer(event.value.permission.id));
  }

  private async answer(permissionId: string): Promise<void> {
    if (this.answered.has(permissionId)) return;
    this.answered.add(permissionId);
    const how = this.sent.at(-1)?.plan.answer ?? 'once';
    if (how === 'ignore') {
      await pause(IGNORED_MS);
      return this.abort();
    }
    const answer = { sessionId: this.sessionId, permissionId, response: how };
    await this.call((door) => door.call(PermissionService.method.respondToPermission, answer));
  }

  private async call(call: (door: Door) => Promise<unknown>): Promise<void> {
    const attempt = async (): Promise<void> => {
      const door = openDoor('rest', this.lane.gateway.address());
      await call(door).finally(() => door.close());
    };
    await insist(attempt, this.giveUp.signal).catch((error: unknown) => {
      // Somebody answered before, or the answer arrived and only its acknowledgement was lost.
      if (this.giveUp.signal.aborted || (error instanceof CallError && error.code === NOT_FOUND)) return;
      this.complaints.push(`${this.sessionId}: an answer or abort failed: ${String(error)}`);
    });
  }

  private do(task: Promise<unknown>): void {
    this.tasks.push(task);
  }
}
