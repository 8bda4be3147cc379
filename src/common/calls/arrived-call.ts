import { randomUUID } from 'node:crypto';
import { traceIdOf } from '../tracing/trace-parent.js';
import { NO_SPAN, type Span, type SpanStart, type TraceHeaders, type Tracer } from '../tracing/tracer.js';

/** How a call comes to be known by before anything of it was looked at, on each door; in and out. */
export const REQUEST_ID = 'x-request-id';

/** A call that has come to a door, whoever makes it and whatever becomes of it. */
export interface ArrivedCall {
  /** The caller's own, where it may stand in a log line, or one of ours. */
  readonly requestId: string;
  /** Of the trace that it belongs to: the caller's, also where we trace nothing, or one that begins here. */
  readonly traceId: string | undefined;
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
  const requestId = requestIdOf(headers);
  if (!tracer.isOn) return { requestId, traceId: traceIdOf(headers['traceparent']), span: NO_SPAN };
  const span = tracer.receive(headers, describe);
  return { requestId, traceId: span.traceId, span };
}

/** The caller's own, where it may stand in a log line, or a new one. */
export function requestIdOf({ [REQUEST_ID]: wish }: TraceHeaders): string {
  return typeof wish === 'string' && /^[\w.:/+=-]{1,128}$/.test(wish) ? wish : randomUUID();
}
