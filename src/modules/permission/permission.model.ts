/** A tool call that waits for somebody's consent. */
export interface Permission {
  readonly id: string;
  readonly sessionId: string;
  /** bash, edit, external_directory, … */
  readonly type: string;
  readonly patterns: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly messageId: string | undefined;
  readonly callId: string | undefined;
  /** Unix ms at which the gateway first saw it: OpenCode keeps no time. */
  readonly seenAtMs: number;
}

export type PermissionReply = 'once' | 'always' | 'reject';

export interface PermissionAnswer {
  readonly sessionId: string;
  readonly permissionId: string;
  readonly reply: PermissionReply;
  /** Told to the agent when it is rejected; the turn then goes on. */
  readonly message: string | undefined;
}
