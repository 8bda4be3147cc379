import { randomUUID } from 'node:crypto';
import type { Span, SpanStart, TraceHeaders, Tracer } from '../tracing/tracer.js';

/** How a call comes to be known by before anything of it was looked at, on each door; in and out. */
export const REQUEST_ID = 'x-request-id';

/** A call that has come to a door, whoever makes it and whatever becomes of it. */
export interface ArrivedCall {
  /** The caller's own, where it may stand in a log line, or one of ours. */
  readonly requestId: string;
  readonly span: Span;
}

const ARRIVED = Symbol('arrived');

/** Notes on what comes with a call: the HTTP request, the HTTP/2 stream. */
export function setArrived(holder: object, call: ArrivedCall): void {
  (holder as { [ARRIVED]?: ArrivedCall })[ARRIVED] = call;
}

/** @throws Error for what came through no door */
export function arrivedOn(holder: object): ArrivedCall {
  const call = (holder as { [ARRIVED]?: ArrivedCall })[ARRIVED];
  if (call === undefined) throw new Error('a call that nobody saw arrive');
  return call;
}

/** Takes a call in. @param describe - asked only where it is traced */
export function toArrivedCall(tracer: Tracer, headers: TraceHeaders, describe: () => SpanStart): ArrivedCall {
  return { requestId: requestIdOf(headers), span: tracer.receive(headers, describe) };
}

/** The caller's own, where it may stand in a log line, or a new one. */
export function requestIdOf({ [REQUEST_ID]: wish }: TraceHeaders): string {
  return typeof wish === 'string' && /^[\w.:/+=-]{1,128}$/.test(wish) ? wish : randomUUID();
}
