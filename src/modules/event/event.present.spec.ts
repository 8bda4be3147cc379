import type { OpencodeMember } from '../../common/opencode/opencode.pool.js';
import { Workspace } from '../../common/opencode/workspace.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { readPresent } from './event.present.js';

const ROOT = '/workspace';

interface Session {
  readonly id: string;
  readonly parentID?: string;
  readonly directory: string;
}

/** An OpenCode with these sessions, the newest first, of which one asks something. */
function opencode(sessions: readonly Session[], asking: Session): { member: OpencodeMember; read: string[] } {
  const read: string[] = [];
  const client = {
    sessions: async (limit: number) => sessions.slice(0, limit).map(withTimes),
    session: async (id: string) => {
      const found = sessions.find((session) => session.id === id);
      if (found === undefined) throw GatewayError.notFound('session', id);
      return withTimes(found);
    },
    statuses: async (directory: string) => {
      read.push(directory);
      return {};
    },
    permissions: async (directory: string) => {
      if (directory.endsWith('broken')) throw new GatewayError('INTERNAL', 'OpenCode failed');
      return directory === asking.directory ? [{ id: 'per_1', sessionID: asking.id, permission: 'bash' }] : [];
    },
    questions: async () => [],
  };
  return { member: { client, workspace: Workspace.atRemote(ROOT) } as unknown as OpencodeMember, read };
}

function withTimes(session: Session) {
  return { ...session, time: { created: 1, updated: 1 } };
}

function sessionsIn(count: number, directoryOf: (nth: number) => string): Session[] {
  return Array.from({ length: count }, (_, nth) => ({ id: `ses_${nth}`, directory: directoryOf(nth) }));
}

describe('the present state of OpenCode', () => {
  it('has what is asked in the directories of the sessions', async () => {
    const sessions = sessionsIn(100, (nth) => `${ROOT}/d${nth}`);
    const { member } = opencode(sessions, { id: 'ses_99', directory: `${ROOT}/d99` });

    const present = await readPresent(member, [], 0);

    expect([...present.askedIds]).toEqual(['per_1']);
  });

  it('is read of no more than 200 directories, but always of those in which something went on', async () => {
    const sessions = sessionsIn(900, (nth) => `${ROOT}/d${nth}`);
    const asking = { id: 'ses_899', directory: `${ROOT}/d899` };
    const { member, read } = opencode(sessions, asking);

    const present = await readPresent(member, [{ sessionId: asking.id, directory: asking.directory }], 0);

    expect(read).toHaveLength(200);
    expect([...present.askedIds]).toEqual(['per_1']);
  });

  it('is not read outside the workspace', async () => {
    const { member, read } = opencode([{ id: 'ses_1', directory: '/elsewhere' }], { id: 'ses_1', directory: '/elsewhere' });

    await readPresent(member, [], 0);

    expect(read).toEqual([ROOT]);
  });

  it('is told though OpenCode cannot open one of the directories, of which it says nothing', async () => {
    const asking = { id: 'ses_1', directory: `${ROOT}/fine` };
    const { member } = opencode([{ id: 'ses_2', directory: `${ROOT}/broken` }, asking], asking);

    const present = await readPresent(member, [{ sessionId: 'ses_2', directory: `${ROOT}/broken` }], 0);

    expect([...present.unread]).toEqual([`${ROOT}/broken`]);
    expect(present.events.map(({ type, sessionId }) => `${type} ${sessionId}`)).toEqual(['permission_asked ses_1']);
  });

  it('leaves out what a session asks that is gone', async () => {
    const { member } = opencode([], { id: 'ses_gone', directory: ROOT });

    const { events } = await readPresent(member, [], 0);

    expect(events).toEqual([]);
  });

  it('knows for whom a sub-agent works that asks, however many sessions are newer', async () => {
    const old = [
      { id: 'ses_grandchild', parentID: 'ses_child', directory: ROOT },
      { id: 'ses_child', parentID: 'ses_root', directory: ROOT },
      { id: 'ses_root', directory: ROOT },
    ];
    const [asking] = old;
    const { member } = opencode([...sessionsIn(1_000, () => ROOT), ...old], asking ?? { id: '', directory: '' });

    const { parents } = await readPresent(member, [], 0);

    expect(old.map(({ id }) => [id, parents.get(id)])).toEqual([
      ['ses_grandchild', 'ses_child'],
      ['ses_child', 'ses_root'],
      ['ses_root', undefined],
    ]);
  });
});
