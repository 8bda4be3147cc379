/** Readers or callers of one server, counted together. */
export interface Load {
  /** Settles when every stream has shown that it is live. */
  readonly opened: Promise<void>;
  /** Messages or answers that arrived. */
  readonly count: number;
  /** Streams that ended without having been closed, and calls that failed. */
  readonly lost: number;
  /** The bytes of the newest message. */
  sample(): Buffer;
  /** Stops reading; the streams stay open. */
  pause(): void;
  close(): void;
}

/** Callers that wait for an answer before they call again. */
export interface CallLoad extends Load {
  /** Gives the number of answers. */
  callFor(durationMs: number): Promise<number>;
}

export function isCallLoad(load: Load): load is CallLoad {
  return 'callFor' in load;
}
