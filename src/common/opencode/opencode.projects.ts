import type { UpstreamProject, UpstreamWorkspace } from './opencode.catalogue.types.js';
import type { OpencodeHttp } from './opencode.http.js';

/**
 * OpenCode 1.18.33's calls for projects and what it makes of them.
 *
 * Every method throws GatewayError UNAVAILABLE, DEADLINE_EXCEEDED or INTERNAL when the server fails.
 */
export class OpencodeProjects {
  constructor(private readonly http: OpencodeHttp) {}

  /** Of the whole host. */
  async list(): Promise<readonly UpstreamProject[]> {
    return (await this.get('/project')) as UpstreamProject[];
  }

  async current(directory: string): Promise<UpstreamProject> {
    return (await this.get('/project/current', directory)) as UpstreamProject;
  }

  /** Those of a directory's project. */
  async workspaces(directory: string): Promise<readonly UpstreamWorkspace[]> {
    return (await this.get('/experimental/workspace', directory)) as UpstreamWorkspace[];
  }

  /** Directories of a project's worktrees that OpenCode made. */
  async worktrees(directory: string): Promise<readonly string[]> {
    return (await this.get('/experimental/worktree', directory)) as string[];
  }

  private async get(path: string, directory?: string): Promise<unknown> {
    return (await this.http.call({ method: 'GET', path, query: { directory } })).json;
  }
}
