/** What the operator allows in tasks. */
export interface TaskOptions {
  /** Of every prompt; undefined: the agent's own. */
  readonly system: string | undefined;
  readonly variant: string | undefined;
  /** Callers may choose directories inside the workspace. */
  readonly allowsDirectories: boolean;
  /** Structured parts are shown to the agent as fenced JSON. */
  readonly acceptsData: boolean;
  /** How long a cancel waits for OpenCode to let go. */
  readonly abortTimeoutMs: number;
}

/** Injection token of TaskOptions. */
export const TASK_OPTIONS = Symbol('TASK_OPTIONS');
