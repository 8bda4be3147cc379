import type { User } from '@a2a-js/sdk/server';
import type { Caller } from '../../common/access/caller.js';

/** The versions of A2A that are spoken here. */
export const A2A_VERSIONS = ['0.3', '1.0'] as const;
export type A2AVersion = (typeof A2A_VERSIONS)[number];

/** A call of A2A as its handlers see it, whichever door it came through. */
export interface A2ACall {
  readonly caller: Caller;
  /** What is spoken on the wire: it decides shapes, error codes and how streams end. */
  readonly version: A2AVersion;
  /** URIs that the caller negotiated (`A2A-Extensions`). */
  readonly extensions: ReadonlySet<string>;
  /** Aborted once nobody waits for the answer any more. Work that was begun goes on. */
  readonly signal: AbortSignal;
  /** The last event that a reader who comes back has; SSE's own header. */
  readonly lastEventId: string | undefined;
  /** Where a reader who has the newest item of its stream can resume: the protocol's messages have no place for it. */
  readonly progress: { position: string | undefined };
  /** Undefined while the peer takes more; else settles once it does. */
  untilReady(): Promise<void> | undefined;
}

/**
 * A call in the shape that the protocol library hands through to its request handler.
 *
 * The library turns failures into its own errors; the one that was thrown is kept here for the doors, which know more codes.
 */
export class A2AUser implements User {
  failure: Error | undefined;

  constructor(readonly call: A2ACall) {}

  get isAuthenticated(): boolean {
    return this.call.caller.principal.id !== 'anonymous';
  }

  get userName(): string {
    return this.call.caller.principal.id;
  }
}
