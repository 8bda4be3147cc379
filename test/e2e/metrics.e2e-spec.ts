import { EventService, TextMode } from '../../src/common/grpc/generated/event_pb.js';
import { Conversation } from '../support/conversation.js';
import { eventually } from '../support/eventually.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TOKEN = 'a-token-that-is-long-enough';

describe('GET /metrics', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { ACCESS_TOKEN: TOKEN } });
  });

  afterAll(() => test.stop());

  function get(headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }): Promise<Response> {
    return fetch(`${test.httpUrl}/metrics`, { headers });
  }

  /** The value of one series, by the end of its name and its labels. */
  async function valueOf(series: string): Promise<number | undefined> {
    const text = await (await get()).text();
    const line = text.split('\n').find((each) => each.startsWith(`opencode_gateway_${series} `));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  }

  it('is closed to who shows no token', async () => {
    expect((await get({})).status).toBe(401);
  });

  it('speaks the text format of Prometheus, with what Node says of itself', async () => {
    const response = await get();

    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    expect(text.split('\n').filter((line) => !/^(# (HELP|TYPE) \w+ .+|\w+(\{.*\})? \S+|)$/.test(line))).toEqual([]);
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  });

  it('counts open streams by door and method until they end', async () => {
    const { sessionId } = await Conversation.begin(test.grpc);
    const series = ['grpc', 'http'].map(
      (door) => `streams_open{door="${door}",method="opencode.event.EventService/SubscribeSessionEvents"}`,
    );
    const streams = [test.grpc, test.grpc, test.rest].map((door) => door.stream(EventService.method.subscribeSessionEvents, { sessionId }));

    await eventually(async () => (await Promise.all(series.map(valueOf))).join() === '2,1');
    for (const stream of streams) stream.cancel();
    await eventually(async () => (await Promise.all(series.map(valueOf))).join() === ',');
  });

  it('counts what OpenCode sends, and says that it does', async () => {
    const conversation = await Conversation.begin(test.grpc);
    const stream = test.grpc.stream(EventService.method.subscribeSessionEvents, {
      sessionId: conversation.sessionId,
      textMode: TextMode.DELTA,
    });
    const types = ['message_updated', 'session_status', 'text_growth'];
    const before = await Promise.all(types.map((type) => valueOf(`upstream_events_total{type="${type}"}`)));

    await conversation.run([{ t: 'text', n: 30 }]);

    const after = await Promise.all(types.map((type) => valueOf(`upstream_events_total{type="${type}"}`)));
    const grown = after.map((value, index) => (value ?? 0) - (before[index] ?? 0));
    expect(grown[0]).toBeGreaterThan(2);
    expect(grown[1]).toBeGreaterThan(0);
    expect(grown[2]).toBeGreaterThanOrEqual(30);
    expect(await valueOf('upstream_connected')).toBe(1);
    expect(await valueOf('upstream_reconnects_total')).toBe(0);
    stream.cancel();
  });

  it('names no session and no path', async () => {
    const { sessionId } = await Conversation.begin(test.grpc);

    const text = await (await get()).text();

    expect(text).not.toContain(sessionId);
    expect(text).not.toMatch(/ses_|msg_|prt_/);
    expect(text).not.toContain(test.opencode.workspace);
  });
});
