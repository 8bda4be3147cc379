/** A model of a provider. */
export interface ModelRef {
  readonly providerId: string;
  readonly modelId: string;
}

export interface SessionUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** USD. */
  readonly cost: number;
}

export const ASK_ANSWERS = ['wait', 'reject', 'once'] as const;
/** What the gateway answers for callers who do not: nothing, no, or yes this once (a question, which nobody can guess, is rejected). */
export type AskAnswer = (typeof ASK_ANSWERS)[number];

/** Timers cannot wait longer. */
export const MAX_ASK_TIMEOUT_S = 2_147_483;

/** Who does not answer within the time is answered for. */
export interface AskPolicy {
  readonly answer: AskAnswer;
  /** Seconds; 0: at once. */
  readonly timeoutS: number;
}

/** A conversation with an agent. Times are Unix milliseconds. */
export interface Session {
  readonly id: string;
  readonly title: string;
  readonly directory: string;
  /** Of the OpenCode that made it. */
  readonly version: string;
  readonly parentId: string | undefined;
  readonly projectId: string | undefined;
  readonly agent: string | undefined;
  /** The one it was told to use, else the one it used last. */
  readonly model: ModelRef | undefined;
  /** The one it was told to use. */
  readonly chosenModel: ModelRef | undefined;
  readonly usage: SessionUsage;
  readonly changes: { readonly additions: number; readonly deletions: number; readonly files: number } | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** This message and all after it were taken back. */
  readonly revertedMessageId: string | undefined;
  /** Its own; undefined: its parent's, or the deployment's. */
  readonly ask: AskPolicy | undefined;
  /** True for the session that stands for the container itself. */
  readonly isWorkspaceSession: boolean;
  /** Id of the principal it belongs to, as far as the session itself says: sub-agents' belong to the owner of their root. */
  readonly ownerId: string | undefined;
  /** What the A2A caller who made it named the conversation. */
  readonly contextId: string | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly archivedAtMs: number | undefined;
}

export interface NewSession {
  readonly title?: string | undefined;
  readonly directory?: string | undefined;
  readonly parentId?: string | undefined;
  readonly agent?: string | undefined;
  readonly model?: ModelRef | undefined;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ask?: AskPolicy | undefined;
  readonly isWorkspaceSession?: boolean;
  readonly contextId?: string | undefined;
  /** Empty or undefined: each request makes a session of its own. */
  readonly requestId?: string;
}

/** Hashes of a request's id and of its body, kept in the session it made. */
export interface RequestMark {
  readonly key: string;
  readonly body: string;
}

export interface SessionChange {
  readonly title?: string | undefined;
  readonly archived?: boolean | undefined;
  /** Merged into the session's; an empty value removes the label. */
  readonly labels: Readonly<Record<string, string>>;
  /** Of every later prompt that names none. */
  readonly model?: ModelRef | undefined;
  /** `null` takes its own policy away. */
  readonly ask?: AskPolicy | null | undefined;
}

export interface SessionSearch {
  readonly pageSize: number;
  readonly pageToken: string;
  readonly query: string;
  readonly directory: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface SessionPage {
  readonly sessions: readonly Session[];
  readonly nextPageToken: string;
}

/** What a session does now. */
export type SessionStatus =
  | { readonly type: 'idle' }
  | { readonly type: 'busy' }
  /** An answer is awaited from whoever follows the session; also for its sub-agents. */
  | { readonly type: 'waiting_permission' }
  | { readonly type: 'waiting_question' }
  | { readonly type: 'retry'; readonly attempt: number; readonly message: string; readonly nextAttemptAtMs: number };

/** What was done to a file, as a unified diff. */
export interface FileDiff {
  readonly path: string;
  /** `added`, `modified` or `deleted`. */
  readonly status: string;
  readonly additions: number;
  readonly deletions: number;
  readonly patch: string;
}

export interface Todo {
  readonly content: string;
  readonly status: string;
  readonly priority: string;
}
