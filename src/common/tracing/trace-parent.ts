const TRACE_PARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}(?:-.*)?$/;
const INVALID = '0'.repeat(32);

/** The trace that a W3C `traceparent` speaks of; undefined for what is none. */
export function traceIdOf(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string') return undefined;
  const id = TRACE_PARENT.exec(header)?.[1];
  return id === INVALID ? undefined : id;
}
