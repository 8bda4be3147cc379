import type { OpencodeMember } from '../../common/opencode/opencode.pool.js';
import type { UpstreamSession } from '../../common/opencode/opencode.types.js';
import { fromUpstreamSession, withGatewayMetadata } from './session.mapper.js';
import type { NewSession, RequestMark, Session } from './session.model.js';
import { SessionRequests } from './session.requests.js';

const DAY_MS = 24 * 60 * 60_000;

/** OpenCode's sessions as gateways in front of it see them. */
class Store {
  sessions: UpstreamSession[] = [];
  readonly member = {
    client: {
      sessions: async () => this.sessions,
      deleteSession: async (id: string) => {
        this.sessions = this.sessions.filter((session) => session.id !== id);
      },
    },
    workspace: { contains: (directory: string) => directory.startsWith('/w') },
  } as unknown as OpencodeMember;

  readonly made = (id: string, created: number, directory = '/w') => {
    return async (request: RequestMark): Promise<Session> => {
      const session = {
        id,
        directory,
        title: '',
        version: '',
        time: { created, updated: created },
        metadata: withGatewayMetadata(undefined, { request }),
      };
      this.sessions.push(session);
      return fromUpstreamSession(session);
    };
  };
}

function ask(store: Store, id: string, created = Date.now(), wanted: NewSession = { title: 'T' }, ownerId?: string): Promise<Session> {
  return new SessionRequests().createOnce(store.member, { ...wanted, requestId: 'key' }, ownerId, store.made(id, created));
}

describe('SessionRequests', () => {
  it('gives the session that the same request made before', async () => {
    const store = new Store();
    await ask(store, 'ses_1');

    expect(await ask(store, 'ses_2')).toMatchObject({ id: 'ses_1' });
    expect(store.sessions).toHaveLength(1);
  });

  it('does not give somebody what another asked for with the same id', async () => {
    const store = new Store();
    await ask(store, 'ses_1', Date.now(), { title: 'T' }, 'alice');

    expect(await ask(store, 'ses_2', Date.now(), { title: 'T' }, 'bob')).toMatchObject({ id: 'ses_2' });
    expect(await ask(store, 'ses_3', Date.now(), { title: 'T' }, 'alice')).toMatchObject({ id: 'ses_1' });
  });

  it('keeps hashes, not what the caller sent', async () => {
    const store = new Store();
    await ask(store, 'ses_1');

    expect(store.sessions[0]?.metadata).toMatchObject({ gateway: { request: { key: expect.stringMatching(/^[\w-]{22}$/) as string } } });
  });

  it.each([
    ['the earlier', 5, 6],
    ['of two of one time the lesser id', 5, 5],
  ])('answers with %s when two gateways made one at once, and deletes the other', async (_, first, second) => {
    const store = new Store();
    const now = Date.now();
    // The other gateway creates its own between our look and our creation.
    const racing = new SessionRequests().createOnce(store.member, { title: 'T', requestId: 'key' }, undefined, async (mark) => {
      await store.made('ses_1', now + first)(mark);
      return store.made('ses_2', now + second)(mark);
    });

    expect(await racing).toMatchObject({ id: 'ses_1' });
    expect(store.sessions.map(({ id }) => id)).toEqual(['ses_1']);
  });

  it('makes a new one after a day', async () => {
    const store = new Store();
    await ask(store, 'ses_1', Date.now() - DAY_MS - 1);

    expect(await ask(store, 'ses_2')).toMatchObject({ id: 'ses_2' });
  });

  it('does not give a session outside the workspace', async () => {
    const store = new Store();
    await new SessionRequests().createOnce(
      store.member,
      { title: 'T', requestId: 'key' },
      undefined,
      store.made('ses_1', Date.now(), '/other'),
    );

    expect(await ask(store, 'ses_2')).toMatchObject({ id: 'ses_2' });
  });

  it('refuses another body', async () => {
    const store = new Store();
    await ask(store, 'ses_1');

    const changed = ask(store, 'ses_2', Date.now(), { title: 'U' });

    await expect(changed).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', violations: [{ field: 'request_id' }] });
  });
});
