import { TaskState } from '@a2a-js/sdk';
import { asTask, collectItems, connect, sending, statesIn, WAYS } from '../support/a2a-client.js';
import { A2AHttp, HTTP_BINDINGS, itemsOf, resultOf, taskIdOf, type HttpBinding } from '../support/a2a-http.js';
import { OpencodeLifecycle } from '../../src/common/opencode/opencode.module.js';
import { OverridingProxy } from '../support/overriding-proxy.js';
import { startRemoteGateway, type RemoteGateway } from '../support/remote-gateway.js';
import { script } from '../support/script.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const fine = script([{ t: 'text', value: 'fine' }]);

/** OpenCode tries some of them again, without waiting where the provider says so. */
const failing = (status: number): string => script([{ t: 'http', status, headers: { 'retry-after-ms': '1' } }]);

const FAILURES = [
  [400, 'UPSTREAM_BAD_REQUEST', 'failed'],
  [401, 'UPSTREAM_UNAUTHORIZED', 'auth-required'],
  [403, 'UPSTREAM_PERMISSION_DENIED', 'failed'],
  [404, 'UPSTREAM_RESOURCE_NOT_FOUND', 'failed'],
  [418, 'UPSTREAM_CLIENT_ERROR', 'failed'],
  [429, 'UPSTREAM_QUOTA_EXCEEDED', 'failed'],
  [500, 'UPSTREAM_SERVER_ERROR', 'failed'],
  [503, 'UPSTREAM_SERVER_ERROR', 'failed'],
] as const;

describe('errors of A2A', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway();
  });

  afterAll(() => test.stop());

  describe.each(HTTP_BINDINGS)('over %s in version 0.3', (binding) => {
    let http: A2AHttp;

    beforeAll(() => {
      http = new A2AHttp(test.httpUrl, binding);
    });

    it.each(FAILURES)('T36 calls a %i of the provider %s, and the task %s', async (status, type, state) => {
      const failed = {
        status: { state: stateName(state, binding), message: { role: binding === 'REST' ? 'ROLE_AGENT' : 'agent' } },
        metadata: { opencode: { error: { type, upstream_status: status } } },
      };

      const task = await resultOf(await http.send({ message: http.message(failing(status)) }));
      const items = await itemsOf(await http.stream({ message: http.message(failing(status)) }));

      expect(task).toMatchObject(failed);
      expect(JSON.stringify(task['status'])).toContain(`HTTP ${status}`);
      expect(items.at(-1)).toMatchObject({ ...failed, final: true });
      expect(items.filter((item) => (item['final'] as unknown) === true)).toHaveLength(1);
    });

    it('T36 shows the same once more to who comes back', async () => {
      const task = await resultOf(await http.send({ message: http.message(failing(401)) }));
      const path = `${test.httpUrl}/v1/tasks/${taskIdOf(task)}`;

      const again = (await (await fetch(path)).json()) as object;
      const [shown, ...more] = await itemsOf(await fetch(`${path}:subscribe`));

      expect(again).toMatchObject({ status: { state: 'TASK_STATE_AUTH_REQUIRED' }, metadata: task['metadata'] });
      expect(shown).toMatchObject({ status: { state: 'TASK_STATE_AUTH_REQUIRED' } });
      expect(more).toEqual([]);
    });
  });

  describe.each(HTTP_BINDINGS.flatMap((binding) => [[binding, '0.3'] as const, [binding, '1.0'] as const]))(
    'over %s in version %s',
    (binding, version) => {
      const COMPLETED = /"state":"(TASK_STATE_COMPLETED|completed)"/;
      let http: A2AHttp;

      beforeAll(() => {
        http = new A2AHttp(test.httpUrl, binding, version);
      });

      const refusalOf = async (answer: Promise<Response>): Promise<string> => {
        const told = await (await answer).text();
        expect(told).toMatch(/"code":(-32602|-32600|400)/);
        return told;
      };

      it.each([['text'], [5], [['list']]])('T35 refuses metadata that is %j, and goes on', async (metadata) => {
        const message = http.message(fine);

        for (const params of [{ message, metadata }, { message: { ...message, metadata } }]) {
          expect(await refusalOf(http.send(params))).toContain('metadata');
          expect(await refusalOf(http.stream(params))).toContain('metadata');
        }
        expect(await (await http.send({ message })).text()).toMatch(COMPLETED);
      });

      it.each(['messageId', 'taskId', 'contextId'])('T34 refuses a %s that is no text, and names it', async (field) => {
        for (const value of [5, {}, ['x']]) {
          const params = { message: { ...http.message(fine), [field]: value } };
          expect(await refusalOf(http.send(params))).toContain(`message.${field}`);
          expect(await refusalOf(http.stream(params))).toContain(`message.${field}`);
        }
      });

      it('T34 refuses a text that is none, and names it', async () => {
        const { parts, content } = http.message(fine);
        const params = (text: unknown) => ({
          message: { ...http.message(fine), ...(parts === undefined ? { content: [{ text }] } : { parts: [{ kind: 'text', text }] }) },
        });

        expect(content ?? parts).toHaveLength(1);
        for (const value of [5, {}, ['x']]) expect(await refusalOf(http.send(params(value)))).toMatch(/message\.\w+\[0\]\.text/);
      });
    },
  );

  it.each(['tasks/get', 'tasks/cancel', 'tasks/resubscribe'])('T34 refuses an id of %s that is no text, and names it', async (method) => {
    const http = new A2AHttp(test.httpUrl, 'JSON-RPC');

    for (const id of [5, {}, ['x']])
      expect(await (await http.rpc(method, { id })).json()).toMatchObject({
        id: 1,
        error: { code: -32602, message: expect.stringMatching(/\bid\b/) },
      });
  });

  describe.each(WAYS)('over %s in version %s', (way, version) => {
    it('T34 gives ids to a message that has none', async () => {
      const client = await connect(test, way, version);

      const task = asTask(await client.sendMessage(sending(fine)));

      expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
      expect(task.contextId).not.toBe('');
      expect((await client.getTask({ tenant: '', id: task.id })).id).toBe(task.id);
    });

    it.each(['nonsense', 'ses_0.msg_0', '.', 'a.b.c', '%00'])('T34 knows no task %j, and goes on', async (taskId) => {
      const client = await connect(test, way, version);

      await expect(client.sendMessage(sending(fine, { taskId }))).rejects.toThrow(/not found/i);
      await expect(collectItems(client.sendMessageStream(sending(fine, { taskId })))).rejects.toThrow(/not found/i);
    });

    it('T34 refuses a message without an id, and names the field', async () => {
      const client = await connect(test, way, version);

      await expect(client.sendMessage(sending(fine, { messageId: '' }))).rejects.toThrow(/message\.messageId|messageId/);
    });

    it('T36 ends a stream with one failure', async () => {
      const client = await connect(test, way, version);

      const items = await collectItems(client.sendMessageStream(sending(failing(401))));

      const ends: number[] = [TaskState.TASK_STATE_FAILED, TaskState.TASK_STATE_AUTH_REQUIRED];
      expect(statesIn(items).filter((state) => ends.includes(state))).toEqual([
        version === '1.0' ? TaskState.TASK_STATE_FAILED : TaskState.TASK_STATE_AUTH_REQUIRED,
      ]);
    });
  });

  describe('when OpenCode answers otherwise than agreed', () => {
    let proxy: OverridingProxy;
    let remote: RemoteGateway;

    beforeAll(async () => {
      const { baseUrl = '', password = '' } = test.gateway.app.get(OpencodeLifecycle).supervisor?.endpoint() ?? {};
      proxy = await OverridingProxy.start(baseUrl);
      remote = await startRemoteGateway({ OPENCODE_BASE_URL: proxy.url, OPENCODE_SERVER_PASSWORD: password });
    });

    afterAll(async () => {
      await remote.stop();
      await proxy.stop();
    });

    afterEach(() => proxy.overrides.clear());

    it.each([
      ['a session with a page', /^POST \/session\?/, { status: 200, body: '<html>sec-page</html>', type: 'text/html' }],
      ['a session with another type', /^POST \/session\?/, { status: 200, body: '[]' }],
      ['a prompt with a failure', /\/prompt_async/, { status: 500, body: '<html>sec-page</html>', type: 'text/html' }],
    ])('T37 fails at %s, tells nothing of it, and goes on', async (_, route, override) => {
      const http = new A2AHttp(remote.httpUrl, 'JSON-RPC');
      proxy.overrides.set(route, override);
      const answer = await http.send({ message: http.message(fine) });
      const told = await answer.text();
      proxy.overrides.clear();

      expect(answer.status).toBe(200);
      expect(told).toMatch(/"error":|"failed"/);
      expect(told).not.toContain('sec-page');
      expect(await resultOf(await http.send({ message: http.message(fine) }))).toMatchObject({ status: { state: 'completed' } });
    });
  });
});

function stateName(state: string, binding: HttpBinding): string {
  return binding === 'REST' ? `TASK_STATE_${state.toUpperCase().replace('-', '_')}` : state;
}
