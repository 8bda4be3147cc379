import type { UpstreamProject, UpstreamWorkspace } from '../../common/opencode/opencode.catalogue.types.js';
import type { Project, WorkPlace } from './project.model.js';

/** @param shows - whether a path may be told */
export function fromUpstreamProject({ id, name, vcs, worktree, time }: UpstreamProject, shows: (path: string) => boolean): Project {
  return { id, name, vcs, worktree: shows(worktree) ? worktree : undefined, createdAtMs: time?.created, updatedAtMs: time?.updated };
}

/** @param shows - whether a path may be told */
export function fromUpstreamWorkspace(workspace: UpstreamWorkspace, shows: (path: string) => boolean): WorkPlace {
  const { id, type, name, branch, directory } = workspace;
  const isShown = typeof directory === 'string' && shows(directory);
  return { id, type, name: name ?? undefined, branch: branch ?? undefined, directory: isShown ? directory : undefined };
}
