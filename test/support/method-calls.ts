import type { DescMethod, DescMethodServerStreaming, DescMethodUnary } from '@bufbuild/protobuf';
import { restRoutesOf } from '../../src/common/http/rest-rule.js';
import type { CallError, Door } from './door.js';

/** A stream that was not refused by then was let in. */
const REFUSED_WITHIN_MS = 250;

/** A value for each parameter that the routes of a method need to be found, and nothing else. */
export function routeParametersOf(method: DescMethod, value: string): Record<string, string> {
  const names = restRoutesOf(method).flatMap(({ path, wildcard }) =>
    [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '').concat(wildcard ?? []),
  );
  return Object.fromEntries(
    method.input.fields
      .filter(({ name, fieldKind }) => fieldKind === 'scalar' && names.includes(name))
      .map(({ localName }) => [localName, value]),
  );
}

/** How a call of any method failed; undefined when it did not. */
export async function failureOf(door: Door, method: DescMethod, request: Record<string, unknown>): Promise<CallError | undefined> {
  try {
    if (method.methodKind === 'unary') await door.call(method as DescMethodUnary, request);
    else await open(door, method as DescMethodServerStreaming, request);
    return undefined;
  } catch (error) {
    return error as CallError;
  }
}

async function open(door: Door, method: DescMethodServerStreaming, request: Record<string, unknown>): Promise<void> {
  const stream = door.stream(method, request);
  const first = stream[Symbol.asyncIterator]().next();
  // What comes after it was left is no failure.
  first.catch(() => undefined);
  try {
    await Promise.race([first, new Promise((resolve) => setTimeout(resolve, REFUSED_WITHIN_MS))]);
  } finally {
    stream.cancel();
  }
}
