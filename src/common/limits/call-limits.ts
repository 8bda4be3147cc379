import type { DescMethod } from '@bufbuild/protobuf';
import { originalOf } from '../grpc/aggregate.js';
import { methodName } from '../grpc/proto-types.js';

/** Methods whose requests carry a prompt, a command line or a file. */
export const LARGE_METHODS: ReadonlySet<string> = new Set([
  'opencode.v1.OpenCodeService/SendMessage',
  'opencode.v1.OpenCodeService/WriteFile',
  'opencode.message.MessageService/SendMessage',
  'opencode.message.MessageService/RunMessage',
  'opencode.message.MessageService/StreamMessage',
  'opencode.message.MessageService/RunCommand',
  'opencode.message.MessageService/RunShell',
  'opencode.file.FileService/WriteFile',
]);

/** What tells how it goes or ends work: it is answered under any load, and no rate holds for it. */
export const URGENT_METHODS: ReadonlySet<string> = new Set([
  'opencode.v1.OpenCodeService/Health',
  'opencode.v1.OpenCodeService/CancelAgent',
  'opencode.message.MessageService/AbortSession',
]);

export interface RequestBounds {
  /** Of requests that carry a prompt, a command line or a file. */
  readonly maxBytes: number;
  /** Of all others. */
  readonly maxSmallBytes: number;
}

/** How large a request may be; of what is no method, as of any small one. */
export function maxBytesOf(method: DescMethod | undefined, { maxBytes, maxSmallBytes }: RequestBounds): number {
  const isLarge = method !== undefined && LARGE_METHODS.has(methodName(originalOf(method)));
  return isLarge ? maxBytes : Math.min(maxBytes, maxSmallBytes);
}

/** Asked by what watches the process: answered under any load, and to the last. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz']);

export function isProbe(route: string | undefined): boolean {
  return route !== undefined && PROBES.has(route);
}

export function isUrgent(method: DescMethod | undefined): boolean {
  return method !== undefined && URGENT_METHODS.has(methodName(originalOf(method)));
}
