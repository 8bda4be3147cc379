/**
 * What OpenCode 1.18.33 says on the wire: only the fields we read, all of them as the server sends them.
 *
 * Measured with the released binary; times are Unix milliseconds. Read by the client and by mappers only.
 */
export interface UpstreamTokens {
  readonly input?: number;
  readonly output?: number;
  readonly reasoning?: number;
  readonly cache?: { readonly read?: number; readonly write?: number };
}

export interface UpstreamSession {
  readonly id: string;
  readonly projectID?: string;
  readonly directory: string;
  readonly parentID?: string;
  readonly title: string;
  readonly agent?: string;
  /** A session says `id` where a message says `modelID`. */
  readonly model?: { readonly id: string; readonly providerID: string };
  readonly version: string;
  readonly cost?: number;
  readonly tokens?: UpstreamTokens;
  readonly summary?: { readonly additions?: number; readonly deletions?: number; readonly files?: number };
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly revert?: { readonly messageID: string };
  readonly time: { readonly created: number; readonly updated: number; readonly archived?: number };
}

export interface UpstreamError {
  readonly name: string;
  readonly data?: { readonly message?: string; readonly statusCode?: number; readonly responseBody?: string };
}

export interface UpstreamUserMessage {
  readonly id: string;
  readonly sessionID: string;
  readonly role: 'user';
  readonly time: { readonly created: number };
  readonly agent?: string;
  readonly model?: { readonly providerID: string; readonly modelID: string };
  /** What the turn it began changed in the files, once that is over. */
  readonly summary?: { readonly diffs?: readonly UpstreamFileDiff[] };
}

export interface UpstreamFileDiff {
  readonly file: string;
  readonly patch?: string;
  readonly additions?: number;
  readonly deletions?: number;
  readonly status?: string;
}

export interface UpstreamAssistantMessage {
  readonly id: string;
  readonly sessionID: string;
  readonly role: 'assistant';
  readonly parentID?: string;
  readonly agent?: string;
  readonly modelID?: string;
  readonly providerID?: string;
  readonly cost?: number;
  readonly tokens?: UpstreamTokens;
  readonly time: { readonly created: number; readonly completed?: number };
  readonly finish?: string;
  readonly error?: UpstreamError;
  /** True on the message a compaction makes. */
  readonly summary?: boolean;
}

export type UpstreamMessage = UpstreamUserMessage | UpstreamAssistantMessage;

interface UpstreamPartBase {
  readonly id: string;
  readonly sessionID: string;
  readonly messageID: string;
}

export interface UpstreamTextPart extends UpstreamPartBase {
  readonly type: 'text' | 'reasoning';
  readonly text: string;
  readonly synthetic?: boolean;
  readonly ignored?: boolean;
  readonly time?: { readonly start?: number; readonly end?: number };
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface UpstreamFilePart extends UpstreamPartBase {
  readonly type: 'file';
  readonly mime: string;
  readonly filename?: string;
  readonly url: string;
}

export interface UpstreamToolPart extends UpstreamPartBase {
  readonly type: 'tool';
  readonly callID: string;
  readonly tool: string;
  readonly state: {
    readonly status: 'pending' | 'running' | 'completed' | 'error';
    readonly input?: unknown;
    readonly output?: string;
    readonly title?: string;
    readonly error?: string;
    readonly metadata?: Readonly<Record<string, unknown>>;
    readonly time?: { readonly start?: number; readonly end?: number };
  };
}

/** The order to sum up the history: somebody's, or OpenCode's own when the context runs full. */
export interface UpstreamCompactionPart extends UpstreamPartBase {
  readonly type: 'compaction';
  readonly auto?: boolean;
}

/** Parts we neither show nor count: step-start, step-finish, patch, snapshot, agent, subtask, retry, … */
export interface UpstreamOtherPart extends UpstreamPartBase {
  readonly type: `other:${string}`;
}

export type UpstreamPart = UpstreamTextPart | UpstreamFilePart | UpstreamToolPart | UpstreamCompactionPart | UpstreamOtherPart;

export interface UpstreamMessageWithParts {
  readonly info: UpstreamMessage;
  readonly parts: readonly UpstreamPart[];
}

export type UpstreamStatus =
  | { readonly type: 'idle' }
  | { readonly type: 'busy' }
  | { readonly type: 'retry'; readonly attempt: number; readonly message: string; readonly next: number };

export interface UpstreamPermission {
  readonly id: string;
  readonly sessionID: string;
  readonly permission: string;
  readonly patterns?: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly tool?: { readonly messageID: string; readonly callID: string };
}

export type UpstreamReply = 'once' | 'always' | 'reject';

export interface UpstreamQuestion {
  readonly id: string;
  readonly sessionID: string;
  readonly questions: readonly {
    readonly question: string;
    readonly header?: string;
    readonly options?: readonly { readonly label: string; readonly description?: string }[];
    readonly multiple?: boolean;
    readonly custom?: boolean;
  }[];
}

export interface UpstreamTodo {
  readonly content: string;
  readonly status: string;
  readonly priority: string;
}

/** The events we understand, by type; a frame may carry any other. */
export type UpstreamEvent =
  | {
      readonly type: 'session.created' | 'session.updated' | 'session.deleted';
      readonly properties: { readonly sessionID: string; readonly info: UpstreamSession };
    }
  | { readonly type: 'session.status'; readonly properties: { readonly sessionID: string; readonly status: UpstreamStatus } }
  | { readonly type: 'session.error'; readonly properties: { readonly sessionID?: string; readonly error?: UpstreamError } }
  | { readonly type: 'message.updated'; readonly properties: { readonly sessionID: string; readonly info: UpstreamMessage } }
  | { readonly type: 'message.removed'; readonly properties: { readonly sessionID: string; readonly messageID: string } }
  | { readonly type: 'message.part.updated'; readonly properties: { readonly sessionID: string; readonly part: UpstreamPart } }
  | {
      readonly type: 'message.part.delta';
      readonly properties: {
        readonly sessionID: string;
        readonly messageID: string;
        readonly partID: string;
        readonly field: string;
        readonly delta: string;
      };
    }
  | {
      readonly type: 'message.part.removed';
      readonly properties: { readonly sessionID: string; readonly messageID: string; readonly partID: string };
    }
  | { readonly type: 'permission.asked'; readonly properties: UpstreamPermission }
  | {
      readonly type: 'permission.replied';
      readonly properties: { readonly sessionID: string; readonly requestID: string; readonly reply: UpstreamReply };
    }
  | { readonly type: 'question.asked'; readonly properties: UpstreamQuestion }
  | {
      readonly type: 'question.replied' | 'question.rejected';
      readonly properties: { readonly sessionID: string; readonly requestID: string };
    }
  | { readonly type: 'todo.updated'; readonly properties: { readonly sessionID: string; readonly todos: readonly UpstreamTodo[] } }
  | { readonly type: 'file.edited'; readonly properties: { readonly file: string } };

export interface UpstreamSyncEvent {
  readonly id: string;
  /** `message.updated.1`: the plain event's type and a version. */
  readonly type: string;
  readonly seq: number;
  readonly aggregateID: string;
  readonly data: unknown;
}

/** One frame of `/global/event`. */
export interface UpstreamFrame {
  readonly directory?: string;
  readonly payload: {
    readonly id?: string;
    readonly type: string;
    readonly properties?: unknown;
    readonly syncEvent?: UpstreamSyncEvent;
  };
}

/** A durable event as OpenCode keeps it: what its `sync` frame said. */
export interface UpstreamStoredEvent {
  readonly id: string;
  readonly aggregate_id: string;
  readonly seq: number;
  /** With a version: `message.updated.1`. */
  readonly type: string;
  readonly data: unknown;
}

export interface UpstreamHistory {
  readonly events: readonly UpstreamStoredEvent[];
  /** Of the whole answer. */
  readonly bytes: number;
}

export interface UpstreamMessagePage {
  readonly messages: readonly UpstreamMessageWithParts[];
  /** Leads to older messages. */
  readonly nextCursor: string | undefined;
}

/** An entry of a directory; a directory's path ends in a slash. */
export interface UpstreamFileEntry {
  readonly path: string;
  readonly type: 'file' | 'directory';
}

/** A line that ripgrep found. */
export interface UpstreamTextMatch {
  readonly path: { readonly text: string };
  readonly lines: { readonly text: string };
  readonly line_number: number;
}

export interface NewUpstreamSession {
  readonly title?: string;
  readonly parentID?: string;
  readonly agent?: string;
  readonly model?: { readonly id: string; readonly providerID: string };
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface UpstreamSessionChange {
  readonly title?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly time?: { readonly archived: number };
}
