import type { OpencodeHttp } from './opencode.http.js';
import type { UpstreamFileEntry, UpstreamTextMatch } from './opencode.types.js';

/**
 * OpenCode 1.18.33's calls for files, which lose much of what they are about: for workspaces on a disk that is not ours.
 *
 * Every method throws GatewayError UNAVAILABLE, DEADLINE_EXCEEDED or INTERNAL when the server fails; only what is particular is noted below.
 */
export class OpencodeFiles {
  constructor(private readonly http: OpencodeHttp) {}

  /** One level of a directory; directories end in a slash. Fails without saying why for what is no directory. */
  async list(directory: string, path: string): Promise<readonly UpstreamFileEntry[]> {
    const answer = (await this.get('/api/fs/list', { 'location[directory]': directory, path })) as { data: UpstreamFileEntry[] };
    return answer.data;
  }

  /** Exact bytes. Fails without saying why for what is no file. @throws GatewayError RESOURCE_EXHAUSTED above `maxBytes` */
  async read(directory: string, path: string, maxBytes: number): Promise<Buffer> {
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    const route = { path: `/api/fs/read/${encoded}`, template: '/api/fs/read/{path}' };
    return this.http.bytes({ method: 'GET', path: route, query: { 'location[directory]': directory } }, maxBytes);
  }

  /** The top of the repository that a directory belongs to; `/` where there is none. */
  async worktree(directory: string): Promise<string> {
    return ((await this.get('/path', { directory })) as { worktree: string }).worktree;
  }

  /**
   * Applies a patch of git, whole or not at all. Its paths start at the worktree; those outside the directory are left out without a word.
   *
   * @throws GatewayError ABORTED when it does not fit the files; FAILED_PRECONDITION, reason NO_REPOSITORY
   */
  async applyPatch(directory: string, patch: string): Promise<void> {
    await this.http.call({ method: 'POST', path: '/vcs/apply', query: { directory }, body: { patch } });
  }

  /** Paths that match letter by letter, the best first; at most 200. */
  async find(directory: string, query: string, limit: number): Promise<readonly string[]> {
    return (await this.get('/find/file', { directory, query, type: 'file', limit })) as string[];
  }

  /** The first ten lines that match a regular expression. Fails without saying why for a bad one, and without ripgrep. */
  async findText(directory: string, pattern: string): Promise<readonly UpstreamTextMatch[]> {
    return (await this.get('/find', { directory, pattern })) as UpstreamTextMatch[];
  }

  private async get(path: string, query: Readonly<Record<string, string | number>>): Promise<unknown> {
    return (await this.http.call({ method: 'GET', path, query })).json;
  }
}
