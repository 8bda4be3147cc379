/** A repository that OpenCode knows. Times are Unix milliseconds. */
export interface Project {
  readonly id: string;
  readonly name: string | undefined;
  /** `git` */
  readonly vcs: string | undefined;
  /** Its top directory; undefined where that is outside the workspace, and none of a caller's business. */
  readonly worktree: string | undefined;
  readonly createdAtMs: number | undefined;
  readonly updatedAtMs: number | undefined;
}

/** A place that OpenCode made to work in beside the project's own. */
export interface WorkPlace {
  readonly id: string;
  readonly type: string;
  readonly name: string | undefined;
  readonly branch: string | undefined;
  /** Undefined where that is outside the workspace. */
  readonly directory: string | undefined;
}
