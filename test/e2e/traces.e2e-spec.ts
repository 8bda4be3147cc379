import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { connect, sending, WAYS } from '../support/a2a-client.js';
import { end, isAsk } from '../support/asks.js';
import { COMPILE_TIMEOUT_MS, compileGateway, startCompiledGateway, type CompiledGateway } from '../support/compiled-gateway.js';
import { collect, Conversation, readUntil } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { eventually } from '../support/eventually.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { createOpencodeEnvironment } from '../support/opencode-environment.js';
import { OpencodeServer } from '../support/opencode-server.js';
import { OverridingProxy } from '../support/overriding-proxy.js';
import { RestDoor } from '../support/rest.door.js';
import { script } from '../support/scripted-model.js';
import { TraceCollector } from '../support/trace-collector.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];
const ERROR = 2;
const NAMES = ['gRPC', 'REST'] as const;
const SECRET_WORDS = 'only-the-agent-reads-this';

/** A caller who is in a trace already. */
class TracedCaller {
  readonly traceId = randomBytes(16).toString('hex');
  readonly spanId = randomBytes(8).toString('hex');
  readonly headers: Readonly<Record<string, string>>;

  constructor(isSampled = true) {
    const traceparent = `00-${this.traceId}-${this.spanId}-${isSampled ? '01' : '00'}`;
    this.headers = { traceparent, tracestate: 'vendor=1', baggage: 'tenant=blue' };
  }
}

describe('traces', () => {
  let opencode: OpencodeServer;
  let proxy: OverridingProxy;
  let collector: TraceCollector;
  let receiver: WebhookReceiver;
  let gateway: CompiledGateway;
  const doors: Door[] = [];

  function start(settings: Readonly<Record<string, string>> = {}): Promise<CompiledGateway> {
    return startCompiledGateway({
      OPENCODE_BASE_URL: proxy.url,
      OPENCODE_WORKSPACE_ROOT: opencode.environment.workspace,
      A2A_PUSH_ALLOWED_HOSTS: '127.0.0.1',
      ...collector.settings,
      ...settings,
    });
  }

  async function stop(): Promise<void> {
    for (const door of doors.splice(0)) door.close();
    gateway.process.kill('SIGTERM');
    await gateway.process.exited;
  }

  function doorOf(name: (typeof NAMES)[number], { headers }: TracedCaller): Door {
    const { grpcAddress, httpUrl } = gateway;
    const door =
      name === 'gRPC' ? new GrpcDoor(grpcAddress, undefined, undefined, headers) : new RestDoor(httpUrl, undefined, undefined, headers);
    doors.push(door);
    return door;
  }

  /** What OpenCode was told with a call: the newest one that matches. */
  function toldWith(call: RegExp) {
    return proxy.headers[proxy.calls.findLastIndex((made) => call.test(made))];
  }

  beforeAll(async () => {
    await compileGateway();
    opencode = await OpencodeServer.start({ permission: { bash: 'ask' } });
    proxy = await OverridingProxy.start(opencode.url);
    collector = await TraceCollector.start();
    receiver = await WebhookReceiver.start();
  }, COMPILE_TIMEOUT_MS);

  afterAll(async () => {
    await receiver.stop();
    await collector.stop();
    await proxy.stop();
    await opencode.stop();
  });

  describe('of callers who are traced', () => {
    beforeAll(async () => {
      gateway = await start();
    });

    afterAll(() => stop());

    it.each(NAMES)('go from the call over its turn to its tools, asks and OpenCode (%s)', async (name) => {
      const caller = new TracedCaller();
      const conversation = await Conversation.begin(doorOf(name, caller));
      const { sessionId } = conversation;
      const command = { t: 'tool', name: 'bash', args: { command: `echo ${SECRET_WORDS}`, description: 'test' } } as const;
      await collect(conversation.stream([command], [end]), (event) => (isAsk(event) ? conversation.answerPermission('once') : undefined));

      const called = name === 'gRPC' ? 'opencode.message.MessageService/StreamMessage' : 'POST /sessions/:session_id/messages/stream';
      const call = await collector.span(caller.traceId, called);
      const turn = await collector.span(caller.traceId, 'turn');
      const tool = await collector.span(caller.traceId, 'execute_tool bash');
      const ask = await collector.span(caller.traceId, 'ask permission');
      const prompt = await collector.span(caller.traceId, 'POST /session/{id}/prompt_async');

      expect(call).toMatchObject({ kind: SERVER, parentSpanId: caller.spanId, status: 0, service: 'opencode-gateway' });
      expect(call.attributes).toMatchObject({ 'session.id': sessionId, 'gateway.code': 'OK' });
      expect(turn).toMatchObject({
        kind: INTERNAL,
        parentSpanId: call.spanId,
        events: expect.arrayContaining(['admitted', 'first token']),
      });
      expect(turn.attributes).toMatchObject({
        'session.id': sessionId,
        'opencode.turn.outcome': 'completed',
        'opencode.turn.queue_wait_ms': expect.any(Number),
        'opencode.turn.first_token_ms': expect.any(Number),
        'gen_ai.response.model': expect.any(String),
        'gen_ai.usage.output_tokens': expect.any(Number),
      });
      expect([tool, ask, prompt].map(({ parentSpanId }) => parentSpanId)).toEqual([turn.spanId, turn.spanId, turn.spanId]);
      expect(tool.attributes).toMatchObject({ 'gen_ai.tool.name': 'bash', 'opencode.tool.status': 'success' });
      expect(ask.attributes).toMatchObject({
        'opencode.ask.permission': 'bash',
        'opencode.ask.answer': 'once',
        'opencode.ask.answered_by': 'caller',
      });
      expect(prompt.kind).toBe(CLIENT);
      expect(toldWith(/prompt_async/)).toMatchObject({
        traceparent: `00-${caller.traceId}-${prompt.spanId}-01`,
        tracestate: 'vendor=1',
        baggage: 'tenant=blue',
      });
    });

    it.each(WAYS)('go from a message of A2A to its turn (%s, %s)', async (binding, version) => {
      const caller = new TracedCaller();
      const client = await connect(gateway, binding, version);

      await client.sendMessage(sending(script([end])), { serviceParameters: caller.headers });

      const turn = await collector.span(caller.traceId, 'turn');
      await eventually(() => collector.of(caller.traceId).some(({ kind }) => kind === SERVER));
      const call = collector.of(caller.traceId).find(({ kind }) => kind === SERVER);
      expect(call).toMatchObject({ parentSpanId: caller.spanId, attributes: { 'session.id': turn.attributes['session.id'] } });
      expect(turn.parentSpanId).toBe(call?.spanId);
      expect(toldWith(/prompt_async/)?.['traceparent']).toContain(caller.traceId);
    });

    it('go on to who is notified of a task, without what callers say to each other', async () => {
      const caller = new TracedCaller();
      const client = await connect(gateway, 'JSONRPC', '1.0');
      const taskPushNotificationConfig = { tenant: '', taskId: '', id: 'hook', url: receiver.url, token: '', authentication: undefined };
      const configuration = { acceptedOutputModes: [], returnImmediately: true, taskPushNotificationConfig };
      await client.sendMessage(
        { ...sending(script([{ t: 'text', n: 10, ms: 20 }])), configuration },
        { serviceParameters: caller.headers },
      );

      const delivery = await collector.span(caller.traceId, 'POST push notification');
      // The last comes when call and turn are over, and is a part of the call all the same.
      await eventually(() => receiver.received.some(({ body }) => JSON.stringify(body).includes('TASK_STATE_COMPLETED')));

      expect(delivery).toMatchObject({ kind: CLIENT, attributes: { 'a2a.push.outcome': 'delivered' } });
      const parents = receiver.received.map(({ headers }) => String(headers['traceparent']));
      expect(parents).toContain(`00-${caller.traceId}-${delivery.spanId}-01`);
      expect(parents.filter((parent) => !parent.includes(caller.traceId))).toEqual([]);
      expect(receiver.received[0]?.headers).not.toHaveProperty('baggage');
      expect(collector.text).not.toContain(receiver.url);
    });

    it.each(NAMES)('tell faults of ours by their code, and those of callers as theirs (%s)', async (name) => {
      const [caller, unlucky] = [new TracedCaller(), new TracedCaller()];
      await expect(doorOf(name, caller).call(SessionService.method.getSession, { sessionId: 'ses_none' })).rejects.toThrow();
      proxy.overrides.set(/^GET \/session\/ses_broken/, { status: 500 });
      await expect(doorOf(name, unlucky).call(SessionService.method.getSession, { sessionId: 'ses_broken' })).rejects.toThrow();
      proxy.overrides.clear();

      const called = name === 'gRPC' ? 'opencode.session.SessionService/GetSession' : 'GET /sessions/:session_id';
      const theirs = await collector.span(caller.traceId, called);
      const ours = await collector.span(unlucky.traceId, called);

      expect(theirs).toMatchObject({ status: 0, attributes: { 'gateway.code': 'NOT_FOUND' } });
      expect(ours).toMatchObject({ status: ERROR, attributes: { 'error.type': 'INTERNAL' } });
      expect(await collector.span(unlucky.traceId, 'GET /session/{id}')).toMatchObject({ status: ERROR, parentSpanId: ours.spanId });
    });

    it.each(NAMES)('are not recorded for callers who do not record theirs, and go on in OpenCode all the same (%s)', async (name) => {
      const silent = new TracedCaller(false);
      const loud = new TracedCaller();
      await (await Conversation.begin(doorOf(name, silent))).run([end]);
      const told = toldWith(/prompt_async/);
      await (await Conversation.begin(doorOf(name, loud))).run([end]);
      await collector.span(loud.traceId, 'turn');

      expect(collector.of(silent.traceId)).toEqual([]);
      expect(told?.['traceparent']).toMatch(new RegExp(`^00-${silent.traceId}-[0-9a-f]{16}-00$`));
    });

    it('begin at the gateway for who has none', async () => {
      const title = `untraced ${randomBytes(4).toString('hex')}`;
      await doorOf('REST', { ...new TracedCaller(), headers: { 'x-request-id': title.replace(' ', '-') } }).call(
        SessionService.method.createSession,
        { title },
      );

      await eventually(() => collector.spans.some(({ attributes }) => attributes['gateway.request_id'] === title.replace(' ', '-')));
      const call = collector.spans.find(({ attributes }) => attributes['gateway.request_id'] === title.replace(' ', '-'));
      expect(call?.parentSpanId ?? '').toBe('');
    });

    it('hold no contents, and nothing of what OpenCode is asked by nobody', () => {
      expect(collector.text).not.toContain(SECRET_WORDS);
      expect(collector.text).not.toContain(opencode.environment.workspace);
      expect(collector.spans.filter(({ kind, parentSpanId = '' }) => kind !== SERVER && parentSpanId === '')).toEqual([]);
    });
  });

  describe('when the gateway stops', () => {
    it('are sent before it ends, those of turns that go on without it too', async () => {
      gateway = await start({ OTEL_BSP_SCHEDULE_DELAY: '60000', DRAIN_TIMEOUT_MS: '500' });
      const caller = new TracedCaller();
      const conversation = await Conversation.begin(doorOf('gRPC', caller));
      await readUntil(conversation.stream([{ t: 'endless' }]), ({ event }) => event.case === 'messagePartUpdated');
      await stop();

      expect(await gateway.process.exited).toBe(0);
      const turn = collector.of(caller.traceId).find(({ name }) => name === 'turn');
      expect(turn?.attributes).toMatchObject({ 'opencode.turn.outcome': 'unfinished' });
      await opencode.post(`/session/${conversation.sessionId}/abort`, {});
    });

    it('do not keep it when the collector is away, nor any call before', async () => {
      gateway = await start({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9/v1/traces', OTEL_EXPORTER_OTLP_TIMEOUT: '200' });
      for (let turns = 0; turns < 3; turns += 1) await (await Conversation.begin(doorOf('gRPC', new TracedCaller()))).run([end]);
      await eventually(() => gateway.process.output.includes('Spans could not be sent'));
      await stop();

      expect(await gateway.process.exited).toBe(0);
      expect(gateway.process.output.match(/Spans could not be sent/g)).toHaveLength(1);
    });
  });

  it('leave out what an embedded OpenCode would tell of itself: its log, its statements, its files', async () => {
    const asks: string[] = [];
    const all = createServer((request, response) => {
      asks.push(request.url ?? '');
      request.resume();
      response.end();
    });
    await new Promise<void>((resolve) => all.listen(0, '127.0.0.1', resolve));
    const embedded = await createOpencodeEnvironment({ modelUrl: opencode.model.url });
    const { port } = all.address() as AddressInfo;
    const OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${port}`;
    gateway = await startCompiledGateway({ ...embedded.env, OPENCODE_WORKSPACE_ROOT: embedded.workspace, OTEL_EXPORTER_OTLP_ENDPOINT });
    await (await Conversation.begin(doorOf('gRPC', new TracedCaller()))).run([end]);
    await stop();
    all.close();
    await embedded.remove();

    expect(new Set(asks)).toEqual(new Set(['/v1/traces']));
  });

  it.each([
    ['off', {}, false],
    ['off by OTEL_SDK_DISABLED', { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' }, false],
    ['on', { OTEL_TRACES_EXPORTER: 'otlp' }, true],
  ] as const)('load OpenTelemetry only when they are on: %s', async (_, settings, isLoaded) => {
    const tellModules = `data:text/javascript,import{createRequire}from'node:module';import{writeSync}from'node:fs';
      process.on('exit',()=>writeSync(2,'LOADED '+Object.keys(createRequire('file:///x').cache).join('|')))`.replaceAll(/\n\s*/g, '');
    gateway = await start({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '',
      ...settings,
      NODE_OPTIONS: `--import=${tellModules.replaceAll(' ', '%20')}`,
    });
    const traced = new TracedCaller();
    await (await Conversation.begin(doorOf('gRPC', traced))).run([end]);
    const told = toldWith(/prompt_async/);
    await stop();

    const [, loaded = ''] = /LOADED (.*)/.exec(gateway.process.output) ?? [];
    const names = new Set([...loaded.matchAll(/@opentelemetry\/([\w-]+)/g)].map(([, name]) => name));
    // The library of metrics loads the interface, of which it has no use here.
    names.delete('api');
    expect(loaded).toContain('pino');
    expect(names.size > 0).toBe(isLoaded);
    expect(told?.['traceparent'] !== undefined).toBe(isLoaded);
  });
});
