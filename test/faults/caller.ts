import { setTimeout as pause } from 'node:timers/promises';
import { TurnState, type GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { collect, finalStates, textPart } from '../support/conversation.js';
import { CallError, type Door } from '../support/door.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { RestDoor } from '../support/rest.door.js';
import { script } from '../support/scripted-model.js';
import type { GatewayAddress } from './event-streams.js';
import type { TestedGateway } from './gateways.js';
import type { PromptPlan } from './schedule.js';

/** How a prompt went for the one who sent it. */
export type Outcome =
  | { readonly kind: 'answered'; readonly state: TurnState; readonly messageId: string }
  /** Taken, and nothing more is told to this caller. */
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly error: CallError }
  /** What no gateway may do, in words. */
  | { readonly kind: 'wrong'; readonly what: string };

const UNAVAILABLE = 14;
const RETRY_MS = 100;
/** Says how the turn ended: no reason to send it again. */
const INTERRUPTED = 'TURN_INTERRUPTED';

/** Whether a client may hope that the same call works a little later. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof CallError)) return true;
  return error.code === UNAVAILABLE && error.reason !== INTERRUPTED;
}

/** Does a call until it is not the network that fails it. */
export async function insist<T>(call: () => Promise<T>, giveUp: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isPassing(error) || giveUp.aborted) throw error;
      await pause(RETRY_MS);
    }
  }
}

export function openDoor(kind: PromptPlan['door'], { grpcAddress, httpUrl }: GatewayAddress): Door {
  return kind === 'grpc' ? new GrpcDoor(grpcAddress) : new RestDoor(httpUrl);
}

export interface PromptToSend {
  readonly plan: PromptPlan;
  readonly sessionId: string;
  readonly requestId: string;
}

/** Sends one prompt, again and again with the same request id while its calls are cut, as a careful client does. */
export class Caller {
  tries = 0;
  readonly outcome: Promise<Outcome>;
  private isSettled = false;
  private vanished = false;
  private cutCall: () => void = () => undefined;
  private readonly givingUp = new AbortController();

  constructor(
    private readonly prompt: PromptToSend,
    private readonly gateway: TestedGateway,
    /** Where it goes when it vanished, if it is one who goes elsewhere. */
    private readonly elsewhere: TestedGateway,
  ) {
    this.outcome = this.insist().finally(() => (this.isSettled = true));
  }

  /** Its connection is gone. */
  vanish(): void {
    if (this.isSettled) return;
    this.vanished = true;
    this.cutCall();
  }

  /** No more tries. */
  giveUp(): void {
    this.givingUp.abort();
    this.cutCall();
  }

  private async insist(): Promise<Outcome> {
    for (;;) {
      this.tries += 1;
      const { door: kind, repeatElsewhere } = this.prompt.plan;
      const gateway = this.vanished && repeatElsewhere ? this.elsewhere : this.gateway;
      const door = openDoor(kind, gateway.address());
      try {
        return await this.attempt(door);
      } catch (error) {
        if (this.givingUp.signal.aborted) return { kind: 'wrong', what: `never answered in ${this.tries} tries: ${String(error)}` };
        if (error instanceof CallError && !isPassing(error)) return { kind: 'refused', error };
      } finally {
        door.close();
      }
      await pause(RETRY_MS);
    }
  }

  private async attempt(door: Door): Promise<Outcome> {
    const { plan, sessionId, requestId } = this.prompt;
    const { way, calls, misbehaviour } = plan;
    const text = misbehaviour === undefined ? script(...calls) : `MISBEHAVE:${misbehaviour}`;
    const request = { sessionId, requestId, parts: [textPart(`${requestId} ${text}`)] };
    if (way === 'stream') return this.follow(door, request);
    const left = new Promise<never>((_, reject) => {
      this.cutCall = () => {
        door.close();
        reject(new Error('the caller left'));
      };
    });
    left.catch(() => undefined);
    if (way === 'send') {
      await Promise.race([door.call(MessageService.method.sendMessage, request), left]);
      return { kind: 'accepted' };
    }
    const message = await Promise.race([door.call(MessageService.method.runMessage, request), left]);
    return { kind: 'answered', state: message.turnState ?? TurnState.UNSPECIFIED, messageId: message.messageId };
  }

  private async follow(door: Door, request: { sessionId: string; requestId: string }): Promise<Outcome> {
    const stream = door.stream(MessageService.method.streamMessage, request);
    let left = false;
    this.cutCall = () => {
      left = true;
      stream.cancel();
    };
    const events = await collect(stream).catch((error: unknown) => {
      if (!left) throw error;
    });
    if (left || events === undefined) throw new Error('the caller left');
    return readStream(events);
  }
}

/** A turn's stream has exactly one final state, and that is its last word. */
function readStream(events: readonly GlobalEvent[]): Outcome {
  const finals = finalStates(events);
  const last = events.at(-1);
  const [state] = finals;
  if (finals.length !== 1 || state === undefined || last?.event.case !== 'turnUpdated') {
    return {
      kind: 'wrong',
      what: `a turn's stream of ${events.length} events ended with ${last?.event.case} and ${finals.length} final states`,
    };
  }
  return { kind: 'answered', state, messageId: last.event.value.messageId ?? '' };
}
