import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { FaultySession, type Announce } from './faulty-session.js';

/** Nothing is read or written there. */
const DIRECTORY = '/workspace';

type Route = (body: Record<string, unknown>, session: FaultySession | undefined) => unknown;

/**
 * A small OpenCode for what the real one cannot be made to show. The prompt says which: see `Misbehaviour`.
 *
 * It has the routes that the gateway calls for prompts and events, and the records that its sessions leave.
 */
export class FaultyUpstream {
  private readonly sessions = new Map<string, FaultySession>();
  private readonly followers = new Set<ServerResponse>();
  private readonly server = createServer((request, response) => void this.handle(request, response));

  private readonly routes: Readonly<Record<string, Route>> = {
    'GET /global/health': () => ({ healthy: true, version: '1.18.33' }),
    'GET /path': () => ({ directory: DIRECTORY, worktree: DIRECTORY }),
    'GET /config': () => ({}),
    'GET /config/providers': () => ({ providers: [] }),
    'GET /agent': () => [],
    'GET /permission': () => [],
    'GET /question': () => [],
    'GET /experimental/session': () => [...this.sessions.values()].map(({ info }) => info),
    'GET /session/status': () => Object.fromEntries(this.busySessions().map(({ info }) => [info.id, { type: 'busy' }])),
    'POST /session': ({ title }) => this.create(String(title)),
    'GET /session/:id': (_, session) => session?.info,
    'PATCH /session/:id': ({ title }, session) => session?.rename(String(title)),
    'GET /session/:id/message': (_, session) => session?.messages,
    'GET /session/:id/children': () => [],
    'POST /session/:id/prompt_async': (body, session) => session?.prompt(body),
    'POST /session/:id/abort': (_, session) => session?.abort(),
    'POST /sync/history': (positions) =>
      [...this.sessions.values()].flatMap(({ info, history }) => history.filter(({ seq }) => seq > Number(positions[info.id] ?? -1))),
  };

  static async start(): Promise<FaultyUpstream> {
    const upstream = new FaultyUpstream();
    upstream.server.listen(0, '127.0.0.1');
    await once(upstream.server, 'listening');
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private busySessions(): FaultySession[] {
    return [...this.sessions.values()].filter(({ isBusy }) => isBusy);
  }

  private create(title: string): unknown {
    const announce: Announce = (payload) => {
      const frame = `data: ${JSON.stringify({ directory: DIRECTORY, project: 'global', payload })}\n\n`;
      for (const follower of this.followers) follower.write(frame);
    };
    const session = new FaultySession(title, DIRECTORY, announce);
    this.sessions.set(session.info.id, session);
    return session.info;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?');
    if (path === '/global/event') return this.follow(response);
    const [, id = '', rest = ''] = /^\/session\/(ses_[^/]+)(.*)$/.exec(path) ?? [];
    const session = this.sessions.get(id);
    const messageId = /^\/message\/(.+)$/.exec(rest)?.[1];
    const text = await readText(request);
    const name = id === '' ? path : `/session/:id${messageId === undefined ? rest : '/message/:id'}`;
    const answer =
      messageId === undefined
        ? this.routes[`${request.method} ${name}`]?.(text === '' ? {} : (JSON.parse(text) as Record<string, unknown>), session)
        : session?.messages.find(({ info }) => info.id === messageId);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { name: 'NotFoundError', data: { message: `Not found: ${path}` } }));
  }

  private follow(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify({ payload: { id: 'evt_0', type: 'server.connected', properties: {} } })}\n\n`);
    this.followers.add(response);
    response.once('close', () => this.followers.delete(response));
  }
}
