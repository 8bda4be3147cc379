import { sessionOf } from '../access/caller.js';
import type { CallObserver, FinishedCall } from '../calls/finished-call.js';
import { STATUS_TABLE } from '../errors/status-table.js';

/** Faults that are ours, or OpenCode's; the others are the caller's, who knows of them. By OpenTelemetry's conventions for servers. */
const FAULTS: ReadonlySet<FinishedCall['code']> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** Ends the span of each call, with how it went. */
export class CallSpans implements CallObserver {
  record({ arrived: { span, requestId }, caller, code, door, status }: FinishedCall): void {
    if (!span.isRecorded) return span.end();
    span.set({
      'gateway.code': code,
      'gateway.request_id': requestId,
      'session.id': caller && sessionOf(caller),
      ...(door === 'grpc'
        ? { 'rpc.grpc.status_code': code === 'OK' ? 0 : STATUS_TABLE[code].grpc }
        : { 'http.response.status_code': status }),
    });
    span.end(FAULTS.has(code) ? code : undefined);
  }
}
