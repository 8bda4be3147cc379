import { Injectable } from '@nestjs/common';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { fromUpstreamProject, fromUpstreamWorkspace } from './project.mapper.js';
import type { Project, WorkPlace } from './project.model.js';

/** Projects of the workspace, and where OpenCode works on them. Knows no transport. */
@Injectable()
export class ProjectService {
  constructor(private readonly pool: OpencodePool) {}

  /** Those in the workspace, and the workspace's own. OpenCode tells of every project of its host. */
  async list(): Promise<Project[]> {
    const perMember = await Promise.all(
      this.pool.all().map(async ({ projects, workspace }) => {
        const [known, own] = await Promise.all([projects.list(), projects.current(workspace.root)]);
        const shows = (path: string): boolean => workspace.contains(path);
        return known.filter(({ id, worktree }) => id === own.id || shows(worktree)).map((project) => fromUpstreamProject(project, shows));
      }),
    );
    return perMember.flat();
  }

  /** The one of a directory; the workspace's without. @throws GatewayError INVALID_ARGUMENT for a directory outside the workspace */
  async current(directory?: string): Promise<Project> {
    const { projects, workspace } = this.pool.forDirectory(directory);
    const project = await projects.current(directory === undefined ? workspace.root : workspace.resolveDirectory(directory));
    return fromUpstreamProject(project, (path) => workspace.contains(path));
  }

  async workPlaces(): Promise<WorkPlace[]> {
    const { projects, workspace } = this.pool.forDirectory(undefined);
    return (await projects.workspaces(workspace.root)).map((place) => fromUpstreamWorkspace(place, (path) => workspace.contains(path)));
  }

  /** Directories of the project's further worktrees, as far as they are in the workspace. */
  async worktrees(): Promise<string[]> {
    const { projects, workspace } = this.pool.forDirectory(undefined);
    return (await projects.worktrees(workspace.root)).filter((directory) => workspace.contains(directory));
  }
}
