import type { Project, WorkPlace } from '../../project/project.model.js';

export function toProjectItem({ id, name, vcs, worktree, createdAtMs, updatedAtMs }: Project): unknown {
  return { id, name, vcs, worktree, time: { created: createdAtMs, updated: updatedAtMs } };
}

export function toWorkspaceItem({ id, type, name, branch, directory }: WorkPlace): unknown {
  return { id, type, name, branch, directory };
}
