import { A2AHttp, itemsOf, resultOf, taskIdOf } from '../support/a2a-http.js';
import { COMPILE_TIMEOUT_MS, compileGateway, startCompiledGateway, type CompiledGateway } from '../support/compiled-gateway.js';
import { eventually } from '../support/eventually.js';
import { createOpencodeEnvironment, type OpencodeEnvironment } from '../support/opencode-environment.js';
import { script, ScriptedModel } from '../support/scripted-model.js';

const TOKEN = 'a-token-that-is-long-enough';
const LIMIT_BYTES = 2_000;
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
const WAYS = [
  ['JSON-RPC', '0.3', 'message/send', 'message/stream', 'tasks/cancel'],
  ['REST', '0.3', 'message/send', 'message/stream', 'tasks/cancel'],
  ['JSON-RPC', '1.0', 'SendMessage', 'SendStreamingMessage', 'CancelTask'],
  ['REST', '1.0', 'SendMessage', 'SendStreamingMessage', 'CancelTask'],
] as const;

interface Line {
  readonly context?: string;
  readonly method?: string;
  readonly request?: string | null;
  readonly answer?: string;
  readonly omitted?: string;
  readonly requestId?: string;
}

/** A prompt that is found again in the log, and an answer that only the agent says. */
const saying = (prompt: string, answer: string): string => `${prompt} ${script([{ t: 'text', value: answer }])}`;

describe('what the log shows of A2A', () => {
  let model: ScriptedModel;
  let opencode: OpencodeEnvironment;
  let gateway: CompiledGateway;
  /** How much of the log was written before the test. */
  let before: number;

  beforeAll(async () => {
    await compileGateway();
    // Answers are said in code, so that they are nowhere but where the agent says them.
    model = await ScriptedModel.start({ fill: (text) => text.replaceAll('SECRET-ANSWER', 'said-by-the-agent') });
    opencode = await createOpencodeEnvironment({ modelUrl: model.url });
  }, COMPILE_TIMEOUT_MS);

  afterAll(async () => {
    await model.stop();
    await opencode.remove();
  });

  async function start(settings: NodeJS.ProcessEnv): Promise<void> {
    const own = { OPENCODE_WORKSPACE_ROOT: opencode.workspace, ACCESS_TOKEN: TOKEN, A2A_PUSH_ALLOWED_HOSTS: '127.0.0.1' };
    gateway = await startCompiledGateway({ ...opencode.env, ...own, ...settings });
  }

  async function stop(): Promise<void> {
    gateway.process.kill('SIGTERM');
    await gateway.process.exited;
  }

  const written = (): string => gateway.process.output.slice(before);

  function payloads(): Line[] {
    const lines = written().split('\n');
    return lines
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Line)
      .filter(({ context }) => context === 'Payload');
  }

  /** All payloads of what came so far: once a later call is logged, nothing is missing. */
  async function payloadsSoFar(): Promise<Line[]> {
    const requestId = `last-${before}`;
    await fetch(`${gateway.httpUrl}/v1/tasks/none:cancel`, { method: 'POST', headers: { ...AUTHORIZED, 'x-request-id': requestId } });
    await eventually(() => written().includes(requestId));
    return payloads().filter((line) => line.requestId?.startsWith('last-') !== true);
  }

  describe('when it is told to', () => {
    beforeAll(() => start({ A2A_LOG_PAYLOADS: 'true', A2A_LOG_BODY_LIMIT: String(LIMIT_BYTES), LOG_LEVEL: 'debug' }));

    afterAll(() => stop());

    beforeEach(() => {
      before = gateway.process.output.length;
    });

    describe.each(WAYS)('over %s in version %s', (binding, version, send, stream, cancel) => {
      let http: A2AHttp;

      beforeAll(() => {
        http = new A2AHttp(gateway.httpUrl, binding, version, AUTHORIZED);
      });

      it('T25 shows what is asked and answered, and takes nothing from it', async () => {
        const task = await resultOf(await http.send({ message: http.message(saying('asked-in-words', 'SECRET-ANSWER')) }));

        const [request, answer, ...more] = await payloadsSoFar();

        expect(JSON.stringify(task['artifacts'])).toContain('said-by-the-agent');
        expect(request).toMatchObject({ method: `a2a/${send}`, door: 'http', request: expect.stringContaining('asked-in-words') });
        expect(answer).toMatchObject({ method: `a2a/${send}`, answer: expect.stringContaining(taskIdOf(task)) });
        expect(more).toEqual([]);
      });

      it('T26 shows what a stream is asked, and leaves it a stream', async () => {
        const items = await itemsOf(await http.stream({ message: http.message(saying('asked-for-a-stream', 'SECRET-ANSWER')) }));

        const shown = await payloadsSoFar();

        expect(JSON.stringify(items)).toContain('said-by-the-agent');
        expect(shown).toMatchObject([{ method: `a2a/${stream}`, request: expect.stringContaining('asked-for-a-stream') }]);
        expect(written()).not.toContain('said-by-the-agent');
      });

      it('shows a cancel', async () => {
        await http.cancel('ses_none.msg_none');

        expect((await payloadsSoFar()).map(({ method }) => method)).toEqual([`a2a/${cancel}`, `a2a/${cancel}`]);
      });

      it('T29 leaves out what nobody said the length of', async () => {
        const body = JSON.stringify(bodyOf(http, send, saying('chunked-words', 'SECRET-ANSWER')));
        const answer = await http.post(pathOf(http, 'send'), new Blob([body]).stream());

        const shown = await payloadsSoFar();

        expect(await answer.text()).toContain('said-by-the-agent');
        expect(shown).toMatchObject([{ method: `a2a/${send}`, request: null, omitted: 'of unknown length' }]);
        expect(written()).not.toMatch(/chunked-words|said-by-the-agent/);
      });

      it('T30 leaves out what is longer than the limit, and its answer', async () => {
        const long = saying('long-words '.repeat(LIMIT_BYTES / 10), 'SECRET-ANSWER');
        const answer = await http.send({ message: http.message(long) });

        const shown = await payloadsSoFar();

        expect(await answer.text()).toContain('said-by-the-agent');
        expect(shown).toMatchObject([{ method: `a2a/${send}`, request: null, omitted: expect.stringMatching(/^\d+ bytes$/) }]);
        expect(written()).not.toMatch(/long-words|said-by-the-agent/);
      });

      it.each([
        ['T27', 'application/octet-stream', 'hidden-words'],
        ['T28', 'text/plain', '{"jsonrpc":"2.0","id":1,"method":"message/send","params":"hidden-words"}'],
        ['T27', 'application/json', '{"hidden-words'],
      ])('%s leaves out what comes as %s and is not JSON', async (_, type, body) => {
        const answer = await http.post(pathOf(http, 'send'), body, { 'content-type': type });

        const shown = await payloadsSoFar();

        expect(answer.status).toBe(type === 'application/json' && binding === 'JSON-RPC' ? 200 : type === 'application/json' ? 400 : 415);
        expect(shown).toMatchObject([{ request: null, omitted: 'not JSON' }]);
        expect(written()).not.toContain('hidden-words');
      });

      it('never shows where webhooks are, nor their secrets', async () => {
        const task = await resultOf(await http.send({ message: http.message(saying('first', 'SECRET-ANSWER')) }));
        const push = { url: 'http://127.0.0.1:9/sec-hook', token: 'sec-token' };
        const field = version === '1.0' ? 'taskPushNotificationConfig' : binding === 'REST' ? 'pushNotification' : 'pushNotificationConfig';
        const sent = await http.send({
          message: http.message(saying('told-to-a-hook', 'SECRET-ANSWER')),
          configuration: { [field]: push },
        });
        const made = await createPush(http, taskIdOf(task), push);

        const shown = await payloadsSoFar();

        expect([sent.status, made.status]).toEqual([200, 200]);
        expect(JSON.stringify(await made.json())).toContain('sec-hook');
        expect(JSON.stringify(shown)).toContain('told-to-a-hook');
        expect(new Set(shown.map(({ method }) => method))).toEqual(new Set([`a2a/${send}`]));
        expect(written()).not.toMatch(/sec-hook|sec-token/);
      });

      it('does not show what is read back', async () => {
        const task = await resultOf(await http.send({ message: http.message(saying('x', 'SECRET-ANSWER')) }));
        await payloadsSoFar();
        before = gateway.process.output.length;
        const got = await (binding === 'REST'
          ? fetch(`${gateway.httpUrl}${version === '0.3' ? '/v1' : ''}/tasks/${taskIdOf(task)}`, { headers: AUTHORIZED })
          : http.rpc(version === '0.3' ? 'tasks/get' : 'GetTask', { id: taskIdOf(task) }));

        expect(await got.text()).toContain('said-by-the-agent');
        expect(await payloadsSoFar()).toEqual([]);
      });
    });

    it.each(['0.3', '1.0'] as const)('T31 never shows sessions, prompts to them, and answers to agents, in version %s', async (version) => {
      const http = new A2AHttp(gateway.httpUrl, 'JSON-RPC', version, AUTHORIZED);
      const task = await resultOf(await http.send({ message: http.message(saying('x', 'SECRET-ANSWER')) }));
      const session_id = taskIdOf(task).split('.')[0];
      await payloadsSoFar();
      before = gateway.process.output.length;

      const list = await (await http.rpc('opencode.sessions.messages.list', { session_id })).text();
      await http.rpc('opencode.sessions.list', { search: 'sec-search' });
      await http.rpc('opencode.sessions.prompt_async', { session_id, request: { parts: [{ type: 'text', text: 'sec-prompt' }] } });
      await http.rpc('a2a.interrupt.permission.reply', { request_id: 'per_none', reply: 'once', message: 'sec-reply' });
      await http.rpc('unknown.method', { words: 'sec-unknown' });
      await http.post('/', JSON.stringify([{ jsonrpc: '2.0', method: 'message/send', params: 'sec-batch' }]));

      expect(list).toContain('said-by-the-agent');
      expect(await payloadsSoFar()).toEqual([]);
      expect(written()).not.toMatch(/sec-|said-by-the-agent/);
    });
  });

  it.each(['info', 'debug'])('T32 T33 tells neither what is said nor what OpenCode tells, at %s', async (level) => {
    await start({ LOG_LEVEL: level });
    before = 0;
    const http = new A2AHttp(gateway.httpUrl, 'JSON-RPC', '0.3', AUTHORIZED);

    const items = await itemsOf(await http.stream({ message: http.message(saying('asked-in-words', 'SECRET-ANSWER')) }));
    await eventually(() => written().includes('"context":"Access"'));
    await stop();

    expect(JSON.stringify(items)).toContain('said-by-the-agent');
    expect(written()).not.toMatch(/asked-in-words|said-by-the-agent|message\.part/);
  });
});

function pathOf({ binding, version }: A2AHttp, what: 'send' | 'stream'): string {
  return binding === 'JSON-RPC' ? '/' : `${version === '0.3' ? '/v1' : ''}/message:${what}`;
}

function bodyOf(http: A2AHttp, method: string, text: string): object {
  const params = { message: http.message(text) };
  return http.binding === 'REST' ? params : { jsonrpc: '2.0', id: 1, method, params };
}

function createPush(http: A2AHttp, taskId: string, push: object): Promise<Response> {
  if (http.binding === 'JSON-RPC') {
    return http.version === '1.0'
      ? http.rpc('CreateTaskPushNotificationConfig', { taskId, ...push })
      : http.rpc('tasks/pushNotificationConfig/set', { taskId, pushNotificationConfig: push });
  }
  const path = `/tasks/${taskId}/pushNotificationConfigs`;
  return http.version === '1.0'
    ? http.post(path, JSON.stringify(push))
    : http.post(`/v1${path}`, JSON.stringify({ config: { pushNotificationConfig: push } }));
}
