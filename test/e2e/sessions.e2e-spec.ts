import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService, type SessionInfo } from '../../src/common/grpc/generated/session_pb.js';
import { PermissionService } from '../../src/common/grpc/generated/tool_pb.js';
import { Conversation, textPart } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { doorOf, DOORS, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;

describe('sessions', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway();
    await mkdir(join(test.opencode.workspace, 'sub'));
    await symlink('/etc', join(test.opencode.workspace, 'escape'));
  });

  afterAll(() => test.stop());

  describe.each(DOORS)('over %s', (name) => {
    let door: Door;
    const rpc = SessionService.method;

    beforeEach(() => {
      door = doorOf(test, name);
    });

    it('creates a session and finds it again', async () => {
      const created = await door.call(rpc.createSession, { title: 'mine', agent: 'plan', model: 'scripted/other', labels: { team: 'a' } });

      const found = await door.call(rpc.getSession, { sessionId: created.id });

      expect(found).toMatchObject({
        id: created.id,
        title: 'mine',
        directory: test.opencode.workspace,
        labels: { team: 'a' },
        agent: 'plan',
      });
      expect(found.model).toBe('scripted/other');
    });

    it('works in a directory of the workspace, named relative to it', async () => {
      const created = await door.call(rpc.createSession, { title: 'sub', directory: 'sub' });

      expect(created.directory).toBe(join(test.opencode.workspace, 'sub'));
    });

    it('changes the title and merges labels', async () => {
      const { id } = await door.call(rpc.createSession, { title: 'old', labels: { keep: '1', change: '1', remove: '1' } });

      await door.call(rpc.updateSession, { sessionId: id, title: 'new', labels: { change: '2', remove: '' } });

      const found = await door.call(rpc.getSession, { sessionId: id });
      expect(found.title).toBe('new');
      expect(found.labels).toEqual({ keep: '1', change: '2' });
    });

    it('moves a session to another directory of its project', async () => {
      const { id } = await door.call(rpc.createSession, { title: 'moving' });

      await door.call(rpc.updateSessionDirectory, { sessionId: id, directory: 'sub' });

      expect((await door.call(rpc.getSession, { sessionId: id })).directory).toBe(join(test.opencode.workspace, 'sub'));
    });

    it('refuses prompts to an archived session', async () => {
      const { id } = await door.call(rpc.createSession, { title: 'done' });
      await door.call(rpc.updateSession, { sessionId: id, archived: true });

      const prompt = door.call(MessageService.method.sendMessage, { sessionId: id, parts: [textPart('hello')] });

      await expect(prompt).rejects.toMatchObject({ code: FAILED_PRECONDITION, reason: 'SESSION_ARCHIVED' });
    });

    it('finds sessions by label and title, page by page, each once', async () => {
      const labels = { run: `${name}-pages` };
      const made: SessionInfo[] = [];
      for (let index = 0; index < 5; index += 1) made.push(await door.call(rpc.createSession, { title: `Page ${index}`, labels }));

      const first = await door.call(rpc.searchSessions, { pageSize: 3, labels, query: 'PAGE' });
      await door.call(rpc.createSession, { title: 'Page between', labels });
      const second = await door.call(rpc.searchSessions, { pageSize: 3, labels, query: 'PAGE', pageToken: first.nextPageToken });

      expect([...first.sessions, ...second.sessions].map(({ id }) => id)).toEqual(made.map(({ id }) => id).reverse());
      expect(second.nextPageToken).toBe('');
    });

    it('deletes a session', async () => {
      const { id } = await door.call(rpc.createSession, { title: 'gone' });

      await door.call(rpc.deleteSession, { sessionId: id });

      await expect(door.call(rpc.getSession, { sessionId: id })).rejects.toMatchObject({ code: NOT_FOUND });
      await expect(door.call(rpc.deleteSession, { sessionId: id })).rejects.toMatchObject({ code: NOT_FOUND });
    });

    it.each([
      ['a session id of another form', { sessionId: 'nonsense' }, 'session_id'],
      ['an empty session id', { sessionId: '' }, 'session_id'],
      ['a session id that climbs', { sessionId: 'ses_../../etc' }, 'session_id'],
    ])('refuses %s', async (_, request, field) => {
      // An empty id has no REST path of its own: there it is another route.
      if (request.sessionId === '' && name === 'rest') return;

      await expect(door.call(rpc.getSession, request)).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: [field] });
    });

    it.each([
      ['an unknown agent', { agent: 'nobody' }, 'agent'],
      ['an unknown model', { model: 'scripted/nothing' }, 'model'],
      ['a model without a provider', { model: 'gpt' }, 'model'],
      ['a directory outside', { directory: '/etc' }, 'directory'],
      ['a directory that climbs out', { directory: '../..' }, 'directory'],
      ['a symbolic link that leads out', { directory: 'escape' }, 'directory'],
      ['a directory that is not there', { directory: 'missing' }, 'directory'],
      ['a file as directory', { directory: 'README.md' }, 'directory'],
      ['a parent of another form', { parentId: 'x' }, 'parent_id'],
      ['a title without end', { title: 'x'.repeat(2_000) }, 'title'],
      ['labels without end', { labels: { x: 'x'.repeat(300) } }, 'labels'],
    ])('refuses to create a session with %s', async (_, request, field) => {
      await expect(door.call(rpc.createSession, request)).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: [field] });
    });

    it.each([
      ['a negative page size', { pageSize: -1 }, 'page_size'],
      ['too large a page', { pageSize: 101 }, 'page_size'],
      ['a page token of somebody else', { pageToken: 'zzz' }, 'page_token'],
    ])('refuses to search with %s', async (_, request, field) => {
      await expect(door.call(rpc.searchSessions, request)).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: [field] });
    });

    it('refuses to bring an archived session back', async () => {
      const { id } = await door.call(rpc.createSession, { title: 'stays' });

      await expect(door.call(rpc.updateSession, { sessionId: id, archived: false })).rejects.toMatchObject({ fields: ['archived'] });
    });

    describe('a bad prompt', () => {
      const file = (mime: string, url: string) => ({ parts: [{ content: { case: 'file' as const, value: { mime, url } } }] });
      const model = (providerId: string, modelId: string) => ({
        parts: [textPart('hi')],
        model: { provider: { id: providerId }, modelId },
      });

      it.each([
        ['nothing in it', { parts: [] }, 'parts'],
        ['blank text', { parts: [textPart('  \n')] }, 'parts'],
        ['an empty part', { parts: [{}] }, 'parts[0]'],
        ['a type no model takes', file('application/zip', 'data:application/zip;base64,AAAA'), 'parts[0].file.mime'],
        ['a file of the host', file('text/plain', 'file:///etc/hostname'), 'parts[0].file.url'],
        ['a web address', file('text/plain', 'https://example.com/'), 'parts[0].file.url'],
        ['broken base64', file('image/png', 'data:image/png;base64,!!!'), 'parts[0].file.url'],
        ['an unknown agent', { parts: [textPart('hi')], agent: 'nobody' }, 'agent'],
        ['an unknown model', model('scripted', 'nothing'), 'model.model_id'],
        ['an unknown provider', model('nobody', 'scripted'), 'model.model_id'],
        ['half a model', model('', 'scripted'), 'model'],
      ])('with %s is refused and leaves the session usable', async (_, prompt, field) => {
        const conversation = await Conversation.begin(door);
        const { sessionId } = conversation;

        const refused = door.call(MessageService.method.sendMessage, { sessionId, ...prompt });

        await expect(refused).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: [field] });
        expect(await conversation.history()).toEqual([]);
        expect((await conversation.run([{ t: 'text', value: 'fine' }])).textParts).toEqual(['fine']);
      });
    });

    it('takes text-like files as text, and images', async () => {
      const conversation = await Conversation.begin(door);
      const json = {
        content: { case: 'file' as const, value: { mime: 'application/json', url: `data:application/json;base64,${btoa('{"a":1}')}` } },
      };
      const png = {
        content: {
          case: 'file' as const,
          value: {
            mime: 'image/png',
            url: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
          },
        },
      };

      await door.call(MessageService.method.runMessage, { sessionId: conversation.sessionId, parts: [textPart('SCRIPT:[[]]'), json, png] });

      const [prompt] = await conversation.history();
      const files = prompt?.parts.flatMap(({ part }) => (part.case === 'file' ? [part.value.mime] : []));
      expect(files).toEqual(['text/plain', 'image/png']);
      expect((await conversation.run([{ t: 'text', value: 'fine' }])).textParts).toEqual(['fine']);
    });

    it('fails the turn of a broken image and leaves the session usable', async () => {
      const conversation = await Conversation.begin(door);
      const broken = { content: { case: 'file' as const, value: { mime: 'image/png', url: 'data:image/png;base64,iVBORw0KGgo=' } } };

      const failed = door.call(MessageService.method.runMessage, { sessionId: conversation.sessionId, parts: [broken] });

      await expect(failed).rejects.toMatchObject({ code: FAILED_PRECONDITION, reason: 'TURN_FAILED' });
      expect((await conversation.run([{ t: 'text', value: 'fine' }])).textParts).toEqual(['fine']);
    });

    it('finds nothing to answer in another session, or under another id', async () => {
      const { id } = await door.call(rpc.createSession, { title: 'quiet' });
      const respond = PermissionService.method.respondToPermission;

      await expect(door.call(respond, { sessionId: id, permissionId: 'per_1', response: 'once' })).rejects.toMatchObject({
        code: NOT_FOUND,
      });
      await expect(door.call(respond, { sessionId: id, permissionId: 'x', response: 'once' })).rejects.toMatchObject({
        fields: ['permission_id'],
      });
      await expect(door.call(respond, { sessionId: id, permissionId: 'per_1', response: 'maybe' })).rejects.toMatchObject({
        fields: ['response'],
      });
    });

    it('gives the stored answer to a repeated request, and refuses its id for another one', async () => {
      const { sessionId } = await Conversation.begin(door);
      const request = { sessionId, requestId: 'same', parts: [textPart('SCRIPT:[[{"t":"text","value":"once only"}]]')] };

      const first = await door.call(MessageService.method.runMessage, request);
      const again = await door.call(MessageService.method.runMessage, request);
      const other = door.call(MessageService.method.runMessage, { ...request, parts: [textPart('something else')] });

      expect(again.messageId).toBe(first.messageId);
      await expect(other).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: ['request_id'] });
    });
  });
});
