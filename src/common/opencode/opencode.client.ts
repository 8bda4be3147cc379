import { GatewayError } from '../errors/gateway-error.js';
import { DirectoryMender } from './directory-mender.js';
import { DIRECTORY_BROKEN, payloadMismatch } from './opencode.errors.js';
import type { OpencodeHttp } from './opencode.http.js';
import { route, type UpstreamRoute } from './opencode.route.js';
import type { UpstreamAgent, UpstreamCommand, UpstreamCredential, UpstreamProviders } from './opencode.catalogue.types.js';
import type { UpstreamCommandCall, UpstreamPrompt, UpstreamShellCall } from './opencode.prompt.types.js';
import type {
  NewUpstreamSession,
  UpstreamFileDiff,
  UpstreamHistory,
  UpstreamMessagePage,
  UpstreamMessageWithParts,
  UpstreamPermission,
  UpstreamQuestion,
  UpstreamReply,
  UpstreamSession,
  UpstreamSessionChange,
  UpstreamStatus,
  UpstreamStoredEvent,
  UpstreamTodo,
} from './opencode.types.js';

/** Larger than any store; without a limit OpenCode stops at 100. */
const ALL_SESSIONS = 1_000_000;

const HEALTH_TIMEOUT_MS = 2_000;
const MARK_TIMEOUT_MS = 2_000;
const HISTORY_TIMEOUT_MS = 10_000;
/** A run may take as long as its model and its tools do; what ends it is another matter. */
const LONGEST_RUN_MS = 24 * 60 * 60 * 1_000;

/**
 * OpenCode 1.18.33, call by call: the only place that knows its routes.
 *
 * Calls without a session id need the directory, or they speak of the server's own. Every method throws GatewayError
 * UNAVAILABLE, DEADLINE_EXCEEDED or INTERNAL when the server fails; only what is particular is noted below.
 */
export class OpencodeClient {
  private readonly mender = new DirectoryMender({
    isBusy: async (directory) => Object.keys(await this.statuses(directory)).length > 0,
    dispose: async (directory) => void (await this.post('/instance/dispose', {}, { directory })),
  });

  constructor(private readonly http: OpencodeHttp) {}

  async health(): Promise<{ readonly version: string }> {
    return (await this.get('/global/health', {}, HEALTH_TIMEOUT_MS)) as { version: string };
  }

  /** The directory the server was started in. */
  async ownDirectory(): Promise<string> {
    return ((await this.get('/path')) as { directory: string }).directory;
  }

  /** Publishes an event of no consequence: a command that no terminal interface knows. */
  async publishMark(directory: string, name: string): Promise<void> {
    const body = { type: 'tui.command.execute', properties: { command: name } };
    await this.http.call({ method: 'POST', path: '/tui/publish', query: { directory }, body, timeoutMs: MARK_TIMEOUT_MS });
  }

  /** The model that prompts without one get: `provider/model`, if configured. */
  async defaultModel(directory: string): Promise<string | undefined> {
    return ((await this.get('/config', { directory })) as { model?: string }).model;
  }

  async agents(directory: string): Promise<readonly UpstreamAgent[]> {
    return (await this.getMended('/agent', directory)) as UpstreamAgent[];
  }

  /**
   * Lets OpenCode read its providers for the first time. Where that is interrupted, by the abort of its very first prompt, OpenCode
   * is broken until it is started anew: so it must be over before anybody can prompt. @throws GatewayError UNAVAILABLE
   */
  async warmUp(directory: string): Promise<void> {
    await this.providers(directory).catch((error: unknown) => {
      if (error instanceof GatewayError && error.code === 'UNAVAILABLE' && error.reason !== DIRECTORY_BROKEN) throw error;
    });
  }

  /** Holds provider keys: never let it out. */
  async providers(directory: string): Promise<UpstreamProviders> {
    return (await this.getMended('/config/providers', directory)) as UpstreamProviders;
  }

  async commands(directory: string): Promise<readonly UpstreamCommand[]> {
    return (await this.getMended('/command', directory)) as UpstreamCommand[];
  }

  /** Stores a credential; the directories go on with the old one until they are disposed. */
  async setCredential(providerId: string, credential: UpstreamCredential): Promise<void> {
    await this.http.call({ method: 'PUT', path: route`/auth/${providerId}`, body: credential });
  }

  /** True also when there was none. */
  async removeCredential(providerId: string): Promise<void> {
    await this.http.call({ method: 'DELETE', path: route`/auth/${providerId}` });
  }

  /** Makes every directory read its configuration and credentials anew. Aborts whatever runs. */
  async dispose(): Promise<void> {
    await this.post('/global/dispose', {});
  }

  async createSession(directory: string, session: NewUpstreamSession): Promise<UpstreamSession> {
    return (await this.post('/session', session, { directory })) as UpstreamSession;
  }

  /** Sessions of every directory, children and archived ones too. */
  async sessions(limit = ALL_SESSIONS): Promise<readonly UpstreamSession[]> {
    return asList<UpstreamSession>('GET /experimental/session', await this.get('/experimental/session', { limit }));
  }

  /** @throws GatewayError NOT_FOUND */
  async session(id: string): Promise<UpstreamSession> {
    return (await this.get(route`/session/${id}`)) as UpstreamSession;
  }

  /** `metadata` replaces the whole map. @throws GatewayError NOT_FOUND */
  async updateSession(id: string, change: UpstreamSessionChange): Promise<UpstreamSession> {
    const { json } = await this.http.call({ method: 'PATCH', path: route`/session/${id}`, body: change });
    return json as UpstreamSession;
  }

  /**
   * Makes another directory of the same project the session's own.
   *
   * @throws GatewayError FAILED_PRECONDITION, reason OTHER_PROJECT, when the directory belongs to another project
   */
  async moveSession(id: string, directory: string): Promise<void> {
    try {
      await this.post('/experimental/control-plane/move-session', { sessionID: id, destination: { directory } });
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'INVALID_ARGUMENT') throw error;
      throw new GatewayError('FAILED_PRECONDITION', error.message, { reason: 'OTHER_PROJECT', cause: error });
    }
  }

  /** Children go too. The session must not run: OpenCode would go on calling the model. @throws GatewayError NOT_FOUND */
  async deleteSession(id: string): Promise<void> {
    await this.http.call({ method: 'DELETE', path: route`/session/${id}` });
  }

  async children(id: string): Promise<readonly UpstreamSession[]> {
    return (await this.get(route`/session/${id}/children`)) as UpstreamSession[];
  }

  async todos(id: string): Promise<readonly UpstreamTodo[]> {
    return (await this.get(route`/session/${id}/todo`)) as UpstreamTodo[];
  }

  /** What the turn of a user message changed in the files. Without a message OpenCode says nothing, so we do not ask. */
  async diff(id: string, messageId: string): Promise<readonly UpstreamFileDiff[]> {
    return (await this.get(route`/session/${id}/diff`, { messageID: messageId })) as UpstreamFileDiff[];
  }

  /** Metadata is not copied; a message that is not there counts as none. */
  async fork(id: string, messageId?: string): Promise<UpstreamSession> {
    return (await this.post(route`/session/${id}/fork`, messageId === undefined ? {} : { messageID: messageId })) as UpstreamSession;
  }

  /** @throws GatewayError FAILED_PRECONDITION while the session is busy; a message that is not there does nothing */
  async revert(id: string, messageId: string, partId?: string): Promise<UpstreamSession> {
    const body = { messageID: messageId, ...(partId !== undefined && { partID: partId }) };
    return (await this.post(route`/session/${id}/revert`, body)) as UpstreamSession;
  }

  /** @throws GatewayError FAILED_PRECONDITION while the session is busy */
  async unrevert(id: string): Promise<UpstreamSession> {
    return (await this.post(route`/session/${id}/unrevert`, {})) as UpstreamSession;
  }

  /** Returns when the summary was made, or was not: only its message tells. */
  async summarize(id: string, model: { readonly providerID: string; readonly modelID: string }): Promise<void> {
    await this.postWithoutLimit(route`/session/${id}/summarize`, model);
  }

  /** Sessions that are not idle, by id. */
  async statuses(directory: string): Promise<Readonly<Record<string, UpstreamStatus>>> {
    return (await this.get('/session/status', { directory })) as Record<string, UpstreamStatus>;
  }

  /** The newest `limit` messages before the cursor, ascending; without a limit all of them. @throws GatewayError NOT_FOUND */
  async messages(sessionId: string, limit?: number, before?: string): Promise<UpstreamMessagePage> {
    const { json, headers } = await this.http.call({
      method: 'GET',
      path: route`/session/${sessionId}/message`,
      query: { limit, before },
    });
    const cursor = headers['x-next-cursor'];
    const messages = asList<UpstreamMessageWithParts>('GET /session/{id}/message', json);
    return { messages, nextCursor: typeof cursor === 'string' && cursor !== '' ? cursor : undefined };
  }

  /** @throws GatewayError NOT_FOUND */
  async message(sessionId: string, messageId: string): Promise<UpstreamMessageWithParts> {
    return (await this.get(route`/session/${sessionId}/message/${messageId}`)) as UpstreamMessageWithParts;
  }

  /** @throws GatewayError FAILED_PRECONDITION while the session is busy */
  async deleteMessage(sessionId: string, messageId: string): Promise<void> {
    await this.http.call({ method: 'DELETE', path: route`/session/${sessionId}/message/${messageId}` });
  }

  /** Returns once the prompt is stored; all else comes as events. The session is not yet busy then. @throws GatewayError NOT_FOUND */
  async prompt(sessionId: string, prompt: UpstreamPrompt): Promise<void> {
    await this.post(route`/session/${sessionId}/prompt_async`, prompt);
  }

  /** Returns when the run has ended. @throws GatewayError NOT_FOUND */
  async command(sessionId: string, call: UpstreamCommandCall): Promise<void> {
    await this.postWithoutLimit(route`/session/${sessionId}/command`, call);
  }

  /** Returns when the shell has ended. @throws GatewayError NOT_FOUND; FAILED_PRECONDITION while the session is busy */
  async shell(sessionId: string, call: UpstreamShellCall): Promise<void> {
    await this.postWithoutLimit(route`/session/${sessionId}/shell`, call);
  }

  /** Returns when the run is unwound; true also for sessions that do nothing. */
  async abort(sessionId: string): Promise<void> {
    await this.post(route`/session/${sessionId}/abort`, {});
  }

  async permissions(directory: string): Promise<readonly UpstreamPermission[]> {
    return (await this.get('/permission', { directory })) as UpstreamPermission[];
  }

  /** `directory` must be the asking session's own. @throws GatewayError NOT_FOUND when it was answered or never asked */
  async replyToPermission(id: string, directory: string, reply: UpstreamReply, message?: string): Promise<void> {
    await this.post(route`/permission/${id}/reply`, { reply, ...(message !== undefined && { message }) }, { directory });
  }

  async questions(directory: string): Promise<readonly UpstreamQuestion[]> {
    return (await this.get('/question', { directory })) as UpstreamQuestion[];
  }

  /** One array of labels for each question asked. @throws GatewayError NOT_FOUND */
  async replyToQuestion(id: string, directory: string, answers: readonly (readonly string[])[]): Promise<void> {
    await this.post(route`/question/${id}/reply`, { answers }, { directory });
  }

  /** @throws GatewayError NOT_FOUND */
  async rejectQuestion(id: string, directory: string): Promise<void> {
    await this.post(route`/question/${id}/reject`, {}, { directory });
  }

  /**
   * Durable events behind the given positions. Sessions that are not named count from their beginning, so name all of them:
   * OpenCode reads its whole table (measured: 0.1 s for 50,000 events in 100 sessions, 1.6 s for 250,000 in 500) and answers
   * nothing else meanwhile; from about 1,000 names on it fails.
   *
   * @throws GatewayError RESOURCE_EXHAUSTED above `maxBytes`
   */
  async history(positions: Readonly<Record<string, number>>, maxBytes: number): Promise<UpstreamHistory> {
    const call = { method: 'POST', path: '/sync/history', body: positions, timeoutMs: HISTORY_TIMEOUT_MS } as const;
    const json = await this.http.bytes(call, maxBytes);
    return { events: JSON.parse(json.toString()) as UpstreamStoredEvent[], bytes: json.length };
  }

  private async get(
    path: string | UpstreamRoute,
    query: Readonly<Record<string, string | number>> = {},
    timeoutMs?: number,
  ): Promise<unknown> {
    return (await this.http.call({ method: 'GET', path, query, ...(timeoutMs !== undefined && { timeoutMs }) })).json;
  }

  private getMended(path: string, directory: string): Promise<unknown> {
    return this.mender.read(directory, () => this.get(path, { directory }));
  }

  private async postWithoutLimit(path: string | UpstreamRoute, body: unknown): Promise<void> {
    await this.http.call({ method: 'POST', path, body, timeoutMs: LONGEST_RUN_MS });
  }

  private async post(path: string | UpstreamRoute, body: unknown, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    return (await this.http.call({ method: 'POST', path, body, query })).json;
  }
}

function asList<T>(call: string, json: unknown): readonly T[] {
  if (!Array.isArray(json)) throw payloadMismatch(call, 'a list');
  return json as T[];
}
