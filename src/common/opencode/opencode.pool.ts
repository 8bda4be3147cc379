import type { OpencodeClient } from './opencode.client.js';
import type { OpencodeFiles } from './opencode.files.js';
import type { OpencodeProjects } from './opencode.projects.js';
import type { EventConnection } from './event-connection.js';
import type { UpstreamClock } from './upstream-clock.js';
import type { Workspace } from './workspace.js';
import type { WorkspaceConfig } from './workspace-config.js';

/** One OpenCode server: its calls, its events, its directories. */
export interface OpencodeMember {
  readonly client: OpencodeClient;
  readonly files: OpencodeFiles;
  readonly projects: OpencodeProjects;
  readonly events: EventConnection;
  readonly workspace: Workspace;
  readonly workspaceConfig: WorkspaceConfig;
  readonly clock: UpstreamClock;
}

/** The OpenCode servers behind the gateway: one today. Callers say whom they need, so that more are a change in this file. */
export class OpencodePool {
  constructor(private readonly member: OpencodeMember) {}

  forSession(_sessionId: string): OpencodeMember {
    return this.member;
  }

  /** Counts how often OpenCode may have forgotten its directories. */
  get epoch(): number {
    return this.member.events.epoch;
  }

  forDirectory(_directory: string | undefined): OpencodeMember {
    return this.member;
  }

  all(): readonly OpencodeMember[] {
    return [this.member];
  }
}
