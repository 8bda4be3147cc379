import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { OpencodeLifecycle } from '../../src/common/opencode/opencode.module.js';
import { EventService, TextMode } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { AskPolicy, SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { Metrics } from '../../src/common/metrics/metrics.js';
import { bash, beginAsking, end, pendingIn, question, task } from '../support/asks.js';
import { collect, Conversation, textPart } from '../support/conversation.js';
import { eventually } from '../support/eventually.js';
import { readMetricsPage } from '../support/metrics-page.js';
import { MetricsReader, type Series } from '../support/metrics-reader.js';
import { startReplica } from '../support/remote-gateway.js';
import { script, type Operation } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TOKEN = 'a-token-that-is-long-enough';
const SCRIPTED = { provider: 'scripted', model: 'scripted' };
const GET_SESSION = 'opencode.session.SessionService/GetSession';
const usage: Operation = { t: 'usage', input: 1_000, output: 500 };
const hang: Operation = { t: 'hang' };

/** As prom-client keeps it, which its types do not tell. */
interface RegisteredMetric {
  readonly name: string;
  readonly type: string;
  readonly labelNames: readonly string[];
  readonly help: string;
}

describe('GET /metrics', () => {
  let test: TestGateway;
  let metrics: MetricsReader;

  beforeAll(async () => {
    test = await startTestGateway({
      settings: { ACCESS_TOKEN: TOKEN, METRICS_PRINCIPALS: 'true', MAX_QUEUED_TURNS: '1' },
      permission: { bash: 'ask' },
      config: { provider: { scripted: { models: { scripted: { cost: { input: 1_000, output: 2_000 } } } } } },
    });
    metrics = new MetricsReader(test.httpUrl, TOKEN);
  });

  afterAll(() => test.stop());

  const send = ({ door, sessionId }: Conversation, ...operations: Operation[]): Promise<unknown> =>
    door.call(MessageService.method.sendMessage, { sessionId, parts: [textPart(script(operations))] });

  it('is closed to who shows no token', async () => {
    expect((await fetch(`${test.httpUrl}/metrics`)).status).toBe(401);
  });

  it('speaks the text format of Prometheus, with what Node says of itself', async () => {
    const response = await fetch(`${test.httpUrl}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });

    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    expect(text.split('\n').filter((line) => !/^(# (HELP|TYPE) \w+ .+|\w+(\{.*\})? \S+|)$/.test(line))).toEqual([]);
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  });

  it('says which versions run here, once OpenCode has told its own', async () => {
    const versions = /^opencode_gateway_build_info\{version="\d[^"]*",node="v\d+[^"]*",opencode="1\.\d+\.\d+",mode="embedded"\} 1$/m;
    await eventually(async () => {
      const response = await fetch(`${test.httpUrl}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
      return versions.test(await response.text());
    });
  });

  it('has what its page describes, and nothing else', () => {
    const registered = test.gateway.app.get(Metrics).registry.getMetricsAsArray() as unknown as RegisteredMetric[];
    const has = registered.map(({ name, type, labelNames, help }) => ({ name, type, labels: labelNames, help }));

    const byName = (left: { name: string }, right: { name: string }): number => left.name.localeCompare(right.name);
    expect(readMetricsPage().sort(byName)).toEqual(has.sort(byName));
  });

  describe.each([
    ['grpc', 'grpc'],
    ['rest', 'http'],
  ] as const)('of calls over %s', (name, door) => {
    it('counts them by method and code, and how long they took', async () => {
      const { sessionId } = await Conversation.begin(test[name]);
      const answers: Series = ['call_duration_seconds_count', { door, method: GET_SESSION }];
      const codes = ['OK', 'NOT_FOUND'].map((code): Series => ['calls_total', { door, method: GET_SESSION, code }]);

      const growth = await metrics.growth([...codes, answers], async () => {
        await test[name].call(SessionService.method.getSession, { sessionId });
        await expect(test[name].call(SessionService.method.getSession, { sessionId: 'ses_nowhere' })).rejects.toThrow();
      });

      expect(growth).toEqual([1, 1, 2]);
    });

    it('keeps how long streams lasted apart, and counts what they said and why they ended', async () => {
      const conversation = await Conversation.begin(test[name]);
      const series: Series[] = [
        ['call_duration_seconds_count', { door, method: 'opencode.message.MessageService/StreamMessage' }],
        ['stream_duration_seconds_count', { door }],
        ['streams_ended_total', { reason: 'completed' }],
        ['streams_ended_total', { reason: 'reader' }],
        ['stream_messages_total'],
      ];
      let told = 0;

      const growth = await metrics.growth(series, async () => {
        told = (await collect(conversation.stream([end]))).length;
        const left = conversation.watch();
        await eventually(async () => (await metrics.sum('streams_open', { door })) === 1);
        left.cancel();
        await eventually(async () => (await metrics.sum('streams_open')) === 0);
      });

      expect(growth).toEqual([0, 2, 1, 1, expect.any(Number)]);
      expect(growth[4]).toBeGreaterThanOrEqual(told);
      expect(await metrics.sum('stream_bytes_total')).toBeGreaterThan(told);
    });
  });

  it('has one name for whatever is called that is none of ours', async () => {
    const client = new Client(test.grpcAddress, credentials.createInsecure());
    const call = (path: string): Promise<void> =>
      new Promise((resolve) => {
        const same = (bytes: Buffer): Buffer => bytes;
        client.makeUnaryRequest(path, same, same, Buffer.alloc(0), new Metadata(), () => resolve());
      });

    const growth = await metrics.growth(
      ['grpc', 'http'].map((door): Series => ['calls_total', { door, method: '' }]),
      async () => {
        for (const path of ['/grpc.health.v1.Made/Up', '/grpc.reflection.made/Up', '/made.Up/Too']) await call(path);
        await fetch(`${test.httpUrl}/made/up`);
      },
    );
    client.close();

    expect(growth).toEqual([3, 1]);
    expect(await metrics.text()).not.toMatch(/made/i);
  });

  it('counts who is not let in, and why', async () => {
    const reasons = ['TOKEN_MISSING', 'TOKEN_INVALID'].map((reason): Series => ['calls_refused_total', { reason }]);

    const growth = await metrics.growth(reasons, async () => {
      await fetch(`${test.httpUrl}/sessions`);
      await fetch(`${test.httpUrl}/sessions`, { headers: { authorization: 'Bearer another-one' } });
    });

    expect(growth).toEqual([1, 1]);
  });

  it('counts what OpenCode sends and how late, and says that it does', async () => {
    const conversation = await Conversation.begin(test.grpc);
    const { sessionId } = conversation;
    const stream = test.grpc.stream(EventService.method.subscribeSessionEvents, { sessionId, textMode: TextMode.DELTA });
    const types = ['message_updated', 'session_status', 'text_growth'].map((type): Series => ['upstream_events_total', { type }]);

    const growth = await metrics.growth([...types, ['event_lag_seconds_count']], () => conversation.run([{ t: 'text', n: 30 }]));
    stream.cancel();

    expect(growth.map((count, index) => count >= (index === 2 ? 30 : 1))).toEqual([true, true, true, true]);
    expect(await metrics.sum('upstream_connected')).toBe(1);
    expect([await metrics.sum('event_holes_total'), await metrics.sum('event_resyncs_total')]).toEqual([0, 0]);
  });

  it('counts turns by how they end, how long they took, and what their answers used, those of sub-agents too', async () => {
    const conversation = await Conversation.begin(test.grpc);
    const series: Series[] = [
      ['turns_total', { kind: 'prompt', outcome: 'completed' }],
      ['turns_total', { kind: 'prompt', outcome: 'failed' }],
      ['turn_duration_seconds_count', { kind: 'prompt' }],
      ['turn_first_token_seconds_count'],
      ['turn_queue_wait_seconds_count'],
      ['tokens_total', { ...SCRIPTED, type: 'input' }],
      ['tokens_total', { ...SCRIPTED, type: 'output' }],
      ['cost_usd_total', SCRIPTED],
      ['principal_tokens_total', { principal: 'access-token', type: 'input' }],
      ['principal_cost_usd_total'],
      ['principal_turns_total', { outcome: 'completed' }],
    ];

    const growth = await metrics.growth(series, async () => {
      const agent: Operation = {
        t: 'tool',
        name: 'task',
        args: { description: 'sub', subagent_type: 'general', prompt: script([end, usage]) },
      };
      await conversation.run([agent, usage], [end, usage]);
      await conversation.run([{ t: 'http', status: 400 }]);
    });

    expect(growth.map(Math.round)).toEqual([1, 1, 2, 1, 2, 3_000, 1_500, 6, 3_000, 6, 1]);
  });

  it('counts a turn and its tokens at the one gateway that ran it', async () => {
    const replica = await startReplica(test);
    const other = new MetricsReader(replica.httpUrl);
    const conversation = await Conversation.begin(test.grpc);
    const running = conversation.run([{ t: 'text', n: 20, ms: 50 }, usage]);

    await eventually(async () => (await other.sum('turns', { state: 'running' })) === 1);
    await running;
    await eventually(async () => (await other.sum('turns')) === 0);

    expect([await other.sum('turns_total'), await other.sum('tokens_total')]).toEqual([0, 0]);
    expect(await other.text()).not.toContain('principal_');
    await replica.stop();
  });

  it('says which turns run and wait, and counts those for which there is no room', async () => {
    const conversation = await Conversation.begin(test.grpc);
    await send(conversation, hang);
    await eventually(async () => (await metrics.sum('turns', { state: 'running' })) === 1);
    await send(conversation, end);

    const growth = await metrics.growth([['turns_refused_total', { limit: 'session' }]], () =>
      expect(send(conversation, end)).rejects.toThrow(),
    );

    expect(growth).toEqual([1]);
    expect(await metrics.sum('turns', { state: 'queued' })).toBe(1);
    expect(await metrics.sum('turn_oldest_seconds')).toBeGreaterThan(0);
    expect(await metrics.growth([['turns_total', { outcome: 'aborted' }]], () => conversation.abort())).toEqual([1]);
    expect(await metrics.sum('turn_oldest_seconds')).toBe(0);
  });

  it('says what is asked, and counts answers by who gave them', async () => {
    const answers = [
      { kind: 'permission', answer: 'once', by: 'caller' },
      { kind: 'permission', answer: 'reject', by: 'policy' },
      { kind: 'question', answer: 'reject', by: 'abort' },
    ].map((labels): Series => ['asks_answered_total', labels]);
    const asking = await Conversation.begin(test.grpc);

    const growth = await metrics.growth(answers, async () => {
      const answered = asking.run([bash], [end]);
      await eventually(async () => (await metrics.sum('asks_pending', { kind: 'permission' })) === 1);
      expect(await metrics.sum('ask_oldest_seconds', { kind: 'permission' })).toBeGreaterThan(0);
      await asking.answerPermission('once');
      await answered;
      await (await beginAsking(test.grpc, { ask: AskPolicy.REJECT })).run([bash]);
      await send(asking, question);
      await eventually(async () => (await pendingIn(test.grpc, asking.sessionId)).length === 1);
      await asking.abort();
    });

    expect(growth).toEqual([1, 1, 1]);
    expect(await metrics.sum('asks_pending')).toBe(0);
  });

  it('counts what is asked of OpenCode by route and status', async () => {
    const { sessionId } = await Conversation.begin(test.grpc);
    const route = 'DELETE /session/{id}';
    const series: Series[] = [
      ['upstream_requests_total', { route, code: '200' }],
      ['upstream_request_duration_seconds_count', { route }],
    ];

    expect(await metrics.growth(series, () => test.grpc.call(SessionService.method.deleteSession, { sessionId }))).toEqual([1, 1]);
  });

  it('names no session and no path', async () => {
    const conversation = await Conversation.begin(test.grpc);
    await conversation.run([task(end)], [end]);

    const text = await metrics.text();

    expect(text).not.toContain(conversation.sessionId);
    expect(text).not.toMatch(/ses_|msg_|prt_|per_|que_/);
    expect(text).not.toContain(test.opencode.workspace);
  });

  it('counts how often OpenCode ended and came back', async () => {
    const series: Series[] = [['opencode_restarts_total'], ['upstream_reconnects_total'], ['opencode_hang_kills_total']];

    const growth = await metrics.growth(series, async () => {
      process.kill(-(test.gateway.app.get(OpencodeLifecycle).supervisor?.pid ?? 0), 'SIGKILL');
      await eventually(async () => (await metrics.sum('upstream_reconnects_total')) === 1);
    });

    expect(growth).toEqual([1, 1, 0]);
  });
});
