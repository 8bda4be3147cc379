import { Injectable } from '@nestjs/common';
import type { Caller } from '../../common/access/caller.js';
import type { Principal } from '../../common/access/principal.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { Audit, type Actor } from '../../common/logging/audit.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import type { UpstreamSession } from '../../common/opencode/opencode.types.js';
import { KeyedLock } from '../../common/streams/keyed-lock.js';
import { fromPageToken, toPageToken } from '../../common/validation/page-token.js';
import { DEFAULT_PAGE_SIZE } from '../../common/validation/ids.js';
import { AgentService } from '../agent/agent.service.js';
import { ProviderService } from '../provider/provider.service.js';
import { fromUpstreamSession, fromUpstreamTodo, toModelName, withGatewayMetadata } from './session.mapper.js';
import { ownerIdFor, SessionOwners } from './session.owners.js';
import { SessionRequests } from './session.requests.js';
import type { NewSession, RequestMark, Session, SessionChange, SessionPage, SessionSearch, Todo } from './session.model.js';

/** Sessions of the workspace. Knows no transport. */
@Injectable()
export class SessionService {
  private readonly audit = new Audit();
  private readonly lock = new KeyedLock();
  private readonly requests = new SessionRequests();
  private endTurns: (sessionId: string) => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly pool: OpencodePool,
    private readonly agents: AgentService,
    private readonly providers: ProviderService,
    private readonly owners: SessionOwners,
  ) {}

  /** How to end what runs in a session before it is deleted; turns stand above sessions, so they say it themselves. */
  onDelete(endTurns: (sessionId: string) => Promise<void>): void {
    this.endTurns = endTurns;
  }

  /** @throws GatewayError NOT_FOUND if there is no such session in the workspace. */
  async get(sessionId: string): Promise<Session> {
    return fromUpstreamSession(await this.read(sessionId));
  }

  /**
   * A session that belongs to somebody. A request with an id makes its session once.
   *
   * @throws GatewayError INVALID_ARGUMENT naming the field; NOT_FOUND for a parent that is none.
   */
  async create(wanted: NewSession, owner: Principal): Promise<Session> {
    const ownerId = ownerIdFor(owner);
    if (wanted.requestId === undefined || wanted.requestId === '') return this.make(wanted, ownerId, undefined);
    const member = this.pool.forDirectory(wanted.directory);
    return this.requests.createOnce(member, wanted, ownerId, (request) => this.make(wanted, ownerId, request));
  }

  /**
   * Changes title, labels, model or ask policy, or archives. Labels are merged under the session's lock: OpenCode replaces its metadata whole.
   *
   * @throws GatewayError NOT_FOUND; INVALID_ARGUMENT for an unknown model and for `archived: false`, which OpenCode cannot do.
   */
  async update(sessionId: string, change: SessionChange): Promise<Session> {
    if (change.archived === false) throw GatewayError.invalid('archived', 'can only be set to true: OpenCode cannot bring a session back');
    return this.lock.run(sessionId, async () => {
      const present = await this.read(sessionId);
      if (change.model !== undefined) await this.providers.requireModel(present.directory, change.model, 'model');
      const metadata = {
        ...(Object.keys(change.labels).length > 0 && { labels: mergeLabels(fromUpstreamSession(present).labels, change.labels) }),
        ...(change.model !== undefined && { model: toModelName(change.model) }),
        ...(change.ask !== undefined && { ask: change.ask }),
      };
      const changed = await this.pool.forSession(sessionId).client.updateSession(sessionId, {
        ...(change.title !== undefined && { title: change.title }),
        ...(change.archived === true && { time: { archived: Date.now() } }),
        ...(Object.keys(metadata).length > 0 && { metadata: withGatewayMetadata(present.metadata, metadata) }),
      });
      return fromUpstreamSession(changed);
    });
  }

  /** Gives a session that is nobody's to a caller. @throws GatewayError NOT_FOUND when somebody was faster */
  async adopt(sessionId: string, caller: Caller): Promise<void> {
    const { id: ownerId } = caller.principal;
    const { client } = this.pool.forSession(sessionId);
    await this.lock.run(sessionId, async () => {
      const present = await this.read(sessionId);
      if (fromUpstreamSession(present).ownerId === ownerId) return;
      await this.audit.carryOut({ action: 'session.adopt', target: sessionId, by: caller }, 'done', async () => {
        const isFree = fromUpstreamSession(present).ownerId === undefined;
        if (isFree) await client.updateSession(sessionId, { metadata: withGatewayMetadata(present.metadata, { owner: ownerId }) });
        // At another replica somebody may have been a moment later, and have it now.
        const adopted = fromUpstreamSession(isFree ? await this.read(sessionId) : present);
        this.owners.note(adopted);
        if (adopted.ownerId !== ownerId) throw GatewayError.notFound('session', sessionId);
      });
    });
  }

  /**
   * Moves the session to another directory of its project.
   *
   * @throws GatewayError NOT_FOUND; INVALID_ARGUMENT for a directory outside the workspace; FAILED_PRECONDITION while the
   * session is busy or when the directory belongs to another project, where its history would mean nothing.
   */
  async move(sessionId: string, directory: string): Promise<void> {
    await this.lock.run(sessionId, async () => {
      const session = await this.read(sessionId);
      const { client, workspace } = this.pool.forSession(sessionId);
      if (directory === '') throw GatewayError.invalid('directory', 'must not be empty');
      const destination = workspace.resolveDirectory(directory);
      const statuses = await client.statuses(session.directory);
      if (statuses[sessionId] !== undefined)
        throw new GatewayError('FAILED_PRECONDITION', 'The session is busy', { reason: 'SESSION_BUSY' });
      if (destination !== session.directory) await client.moveSession(sessionId, destination);
    });
  }

  /** Ends what runs in it, then deletes it with its children: OpenCode itself would go on calling the model. @throws GatewayError NOT_FOUND */
  async delete(sessionId: string, by: Actor): Promise<void> {
    await this.audit.carryOut({ action: 'session.delete', target: sessionId, by }, 'done', async () => {
      await this.get(sessionId);
      await this.endTurns(sessionId);
      await this.pool.forSession(sessionId).client.deleteSession(sessionId);
    });
  }

  /** Sessions of its sub-agents, the newest first. @throws GatewayError NOT_FOUND */
  async children(sessionId: string): Promise<Session[]> {
    await this.read(sessionId);
    return byNewest((await this.pool.forSession(sessionId).client.children(sessionId)).map(fromUpstreamSession));
  }

  /** What the agent means to do. @throws GatewayError NOT_FOUND */
  async todos(sessionId: string): Promise<Todo[]> {
    await this.read(sessionId);
    return (await this.pool.forSession(sessionId).client.todos(sessionId)).map(fromUpstreamTodo);
  }

  /**
   * A new session with the history before a message, or all of it, which belongs to who made it. Labels, model and ask policy come along,
   * the marks of the container and of the request that made it do not.
   *
   * @throws GatewayError NOT_FOUND for the session or the message, which OpenCode would take for none
   */
  async fork(sessionId: string, messageId: string | undefined, owner: Principal): Promise<Session> {
    const { metadata } = await this.read(sessionId);
    const { client } = this.pool.forSession(sessionId);
    if (messageId !== undefined) await client.message(sessionId, messageId);
    const forked = await client.fork(sessionId, messageId);
    const own = { workspace: false, request: undefined, context: undefined, owner: ownerIdFor(owner) };
    const made = fromUpstreamSession(await client.updateSession(forked.id, { metadata: withGatewayMetadata(metadata, own) }));
    this.owners.note(made);
    return made;
  }

  /** Every session of the workspace that somebody may know of, the newest first. */
  async list(viewer: Principal): Promise<Session[]> {
    const perMember = await Promise.all(
      this.pool
        .all()
        .map(async ({ client, workspace }) =>
          (await client.sessions()).filter(({ directory }) => workspace.contains(directory)).map(fromUpstreamSession),
        ),
    );
    const sessions = perMember.flat();
    for (const session of sessions) this.owners.note(session);
    return byNewest(sessions.filter(({ id }) => this.owners.shows(viewer, id)));
  }

  /** One page of the sessions that match. @throws GatewayError INVALID_ARGUMENT for a page token that is not ours. */
  async search(search: SessionSearch, viewer: Principal): Promise<SessionPage> {
    const pageSize = search.pageSize === 0 ? DEFAULT_PAGE_SIZE : search.pageSize;
    const afterId = fromPageToken(search.pageToken);
    const directory =
      search.directory === '' ? undefined : this.pool.forDirectory(search.directory).workspace.resolveDirectory(search.directory);
    const query = search.query.toLowerCase();
    const matches = (await this.list(viewer)).filter(
      (session) =>
        (afterId === undefined || session.id > afterId) &&
        (directory === undefined || session.directory === directory) &&
        session.title.toLowerCase().includes(query) &&
        Object.entries(search.labels).every(([key, value]) => session.labels[key] === value),
    );
    const sessions = matches.slice(0, pageSize);
    const last = sessions.at(-1);
    return { sessions, nextPageToken: last !== undefined && matches.length > pageSize ? toPageToken(last.id) : '' };
  }

  private async make(wanted: NewSession, ownerId: string | undefined, request: RequestMark | undefined): Promise<Session> {
    const { client, workspace } = this.pool.forDirectory(wanted.directory);
    const directory = wanted.directory === undefined ? workspace.root : workspace.resolveDirectory(wanted.directory);
    if (wanted.parentId !== undefined) await this.get(wanted.parentId);
    if (wanted.agent !== undefined) await this.agents.require(directory, wanted.agent, 'agent');
    if (wanted.model !== undefined) await this.providers.requireModel(directory, wanted.model, 'model');
    const created = await client.createSession(directory, {
      metadata: withGatewayMetadata(undefined, {
        labels: wanted.labels ?? {},
        ...(wanted.ask !== undefined && { ask: wanted.ask }),
        ...(wanted.isWorkspaceSession === true && { workspace: true }),
        ...(wanted.contextId !== undefined && { context: wanted.contextId }),
        ...(request !== undefined && { request }),
        // What is made in another session belongs to whom that belongs to.
        ...(wanted.parentId === undefined && { owner: ownerId }),
      }),
      ...(wanted.title !== undefined && { title: wanted.title }),
      ...(wanted.parentId !== undefined && { parentID: wanted.parentId }),
      ...(wanted.agent !== undefined && { agent: wanted.agent }),
      ...(wanted.model !== undefined && { model: { id: wanted.model.modelId, providerID: wanted.model.providerId } }),
    });
    const made = fromUpstreamSession(created);
    this.owners.note(made);
    return made;
  }

  private async read(sessionId: string): Promise<UpstreamSession> {
    const { client, workspace } = this.pool.forSession(sessionId);
    const session = await client.session(sessionId);
    if (!workspace.contains(session.directory)) throw GatewayError.notFound('session', sessionId);
    return session;
  }
}

/** Ids of sessions sort against time; unlike the time of the last change they never move, so pages stay stable. */
function byNewest(sessions: Session[]): Session[] {
  return sessions.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function mergeLabels(present: Readonly<Record<string, string>>, change: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...present, ...change }).filter(([, value]) => value !== ''));
}
