import type { Caller } from '../access/caller.js';
import type { GatewayErrorCode } from '../errors/gateway-error.js';
import type { ArrivedCall } from './arrived-call.js';

/** A call that is over, as its door saw it. Nothing of what was said in it. */
export interface FinishedCall {
  readonly door: 'grpc' | 'http';
  /** `package.Service/Method`, or the route of what is no method; empty for what is nothing of ours, whatever it was called. */
  readonly method: string;
  readonly arrived: ArrivedCall;
  /** Undefined for who was not let in, and where nobody is asked. */
  readonly caller: Caller | undefined;
  readonly code: GatewayErrorCode | 'OK';
  /** Of HTTP. */
  readonly status?: number;
  readonly durationMs: number;
  /** It was answered by a stream, which lasts as long as its reader likes. */
  readonly isStream: boolean;
  /** What was sent: over gRPC the messages, over HTTP the headers too. */
  readonly bytes: number;
}

/** Is told of every call at a door once it is over, streams too, also of those that were refused. */
export interface CallObserver {
  record(call: FinishedCall): void;
}

/** Tells each of them. */
export function toAll(observers: readonly CallObserver[]): CallObserver {
  return {
    record: (call) => {
      for (const observer of observers) observer.record(call);
    },
  };
}
