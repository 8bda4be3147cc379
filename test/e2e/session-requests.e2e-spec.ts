import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import type { Door } from '../support/door.js';
import { OpencodeServer } from '../support/opencode-server.js';
import type { RemoteGateway } from '../support/remote-gateway.js';

const { createSession, deleteSession, forkSession, searchSessions } = SessionService.method;
const INVALID_ARGUMENT = 3;

describe('the request for a session, with a key,', () => {
  let server: OpencodeServer;
  let one: RemoteGateway;
  let other: RemoteGateway;

  beforeAll(async () => {
    server = await OpencodeServer.start();
    one = await server.gateway();
    other = await server.gateway();
  });

  afterAll(async () => {
    await Promise.all([one.stop(), other.stop()]);
    await server.stop();
  });

  async function made(label: string): Promise<string[]> {
    const { sessions } = await one.grpc.call(searchSessions, { labels: { label } });
    return sessions.map(({ id }) => id);
  }

  it('makes it once, at every gateway and after restarts', async () => {
    const request = { title: 'mine', labels: { label: 'once' }, requestId: 'session once' };
    const first = await one.grpc.call(createSession, request);
    const after = await server.gateway();

    const others = [await one.rest.call(createSession, request), await other.grpc.call(createSession, request)];
    others.push(await after.rest.call(createSession, request));

    expect(others.map(({ id }) => id)).toEqual([first.id, first.id, first.id]);
    expect(await made('once')).toEqual([first.id]);
    await after.stop();
  });

  it('makes one when it comes to two gateways at the same time', async () => {
    const request = { labels: { label: 'race' }, requestId: 'session race' };
    const doors: Door[] = [one.grpc, other.grpc, one.rest, other.rest, one.grpc, other.grpc];

    const sessions = await Promise.all(doors.map((door) => door.call(createSession, request)));

    expect(new Set(sessions.map(({ id }) => id)).size).toBe(1);
    expect(await made('race')).toEqual([sessions[0]?.id]);
  });

  it('is refused with another body', async () => {
    await one.grpc.call(createSession, { title: 'first', requestId: 'session body' });

    const changed = other.rest.call(createSession, { title: 'second', requestId: 'session body' });

    await expect(changed).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: ['request_id'] });
  });

  it('may be told by the Idempotency-Key header', async () => {
    const call = (gateway: RemoteGateway): Promise<Response> =>
      fetch(`${gateway.httpUrl}/sessions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'from the header' },
        body: JSON.stringify({ title: 'by header' }),
      });

    const [first, second] = [await call(one), await call(other)];

    const [{ id }, again] = [(await first.json()) as { id: string }, (await second.json()) as { id: string }];
    expect(again.id).toBe(id);
    expect(id).toMatch(/^ses_/);
  });

  it('is not inherited by a fork', async () => {
    const request = { title: 'to fork', requestId: 'session fork' };
    const { id } = await one.grpc.call(createSession, request);
    await one.grpc.call(forkSession, { sessionId: id });
    await one.grpc.call(deleteSession, { sessionId: id });

    const again = await other.grpc.call(createSession, request);

    expect(again.title).toBe('to fork');
  });
});
