import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { Conversation, textPart } from '../support/conversation.js';
import type { Door, DoorStream } from '../support/door.js';
import { eventually } from '../support/eventually.js';
import { startWithPrincipals, type Principals } from '../support/principals.js';
import { script, type Operation } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;
const NAMES = ['gRPC', 'REST'] as const;
const endless: Operation = { t: 'endless' };

/** Resolves once the stream shows that it is open. */
async function opened(stream: DoorStream<unknown>): Promise<DoorStream<unknown>> {
  await stream[Symbol.asyncIterator]().next();
  return stream;
}

describe('the sizes of requests', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({
      settings: { MAX_REQUEST_BYTES: '800000', MAX_SMALL_REQUEST_BYTES: '2000', MAX_MESSAGE_BYTES: '5000', MAX_MESSAGE_PARTS: '3' },
    });
  });

  afterAll(() => test.stop());

  describe.each(NAMES)('over %s', (name) => {
    const doorNamed = (): Door => (name === 'gRPC' ? test.grpc : test.rest);

    it('are small where nothing large belongs', async () => {
      const labels = { note: 'x'.repeat(2_500) };

      await expect(doorNamed().call(SessionService.method.createSession, { title: 'small', labels })).rejects.toMatchObject({
        code: RESOURCE_EXHAUSTED,
        reason: 'REQUEST_TOO_LARGE',
      });
    });

    it('leave room for a prompt, up to what its text may have', async () => {
      const { sessionId } = await Conversation.begin(doorNamed());
      const send = (text: string) =>
        doorNamed().call(MessageService.method.sendMessage, { sessionId, parts: [textPart('a'), textPart(text)] });

      await expect(send(`${script([])} ${'x'.repeat(4_000)}`)).resolves.toBeDefined();
      await expect(send('é'.repeat(2_500))).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: ['parts[1].text'] });
      await expect(send('x'.repeat(810_000))).rejects.toMatchObject({ code: RESOURCE_EXHAUSTED });
    });

    it('hold for the number of parts, attachments included', async () => {
      const { sessionId } = await Conversation.begin(doorNamed());
      const parts = ['a', 'b', 'c', 'd'].map(textPart);

      const refusal = { code: INVALID_ARGUMENT, fields: ['parts'] };
      await expect(doorNamed().call(MessageService.method.sendMessage, { sessionId, parts })).rejects.toMatchObject(refusal);
      const stream = doorNamed().stream(OpenCodeService.method.sendMessage, {
        parts: parts.slice(0, 3) as never,
        attachments: [{ path: 'a.txt', content: 'a', mimeType: 'text/plain' }],
      });
      await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject(refusal);
    });
  });

  it.each(NAMES)('hold for the number of fields, before they are read (%s)', async (name) => {
    const door = name === 'gRPC' ? test.grpc : test.rest;
    const { sessionId } = await Conversation.begin(door);
    const parts = Array.from({ length: 20_000 }, () => textPart(''));

    await expect(door.call(MessageService.method.sendMessage, { sessionId, parts })).rejects.toMatchObject({
      code: RESOURCE_EXHAUSTED,
      reason: 'REQUEST_TOO_LARGE',
    });
  });

  it('are 413 over REST', async () => {
    const body = JSON.stringify({ title: 'x'.repeat(3_000) });

    const response = await fetch(`${test.httpUrl}/sessions`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });

    expect(response.status).toBe(413);
  });

  it('hold for headers', async () => {
    const withHeader = (bytes: number) => fetch(`${test.httpUrl}/health`, { headers: { 'x-note': 'x'.repeat(bytes) } });

    expect((await withHeader(10_000)).status).toBe(200);
    expect((await withHeader(17_000)).status).toBe(431);
  });
});

describe('the streams that are open', () => {
  let gateway: Principals;

  beforeAll(async () => {
    gateway = await startWithPrincipals(['one', 'two', 'three', 'four'], { MAX_STREAMS_PER_PRINCIPAL: '2', MAX_STREAMS: '3' });
  });

  afterAll(() => gateway.stop());

  it.each(NAMES)('have a number for each principal, and another for all; whoever leaves makes room (%s)', async (name) => {
    const { doorOf } = gateway;
    const session = await Conversation.begin(doorOf(name, 'one'));
    const open = async (principal: string): Promise<DoorStream<unknown>> => {
      const door = doorOf(name, principal);
      return opened(Conversation.at(door, session.sessionId).watch({ afterSequence: 0n }));
    };
    const tooMany = { code: RESOURCE_EXHAUSTED, reason: 'TOO_MANY_STREAMS' };

    const streams = [await open('one'), await open('one')];
    await expect(open('one')).rejects.toMatchObject(tooMany);
    streams.push(await open('two'));
    await expect(open('three')).rejects.toMatchObject(tooMany);
    streams.shift()?.cancel();

    await eventually(() =>
      open('three')
        .then(
          (stream) => streams.push(stream),
          () => undefined,
        )
        .then(() => streams.length === 3),
    );
    for (const stream of streams) stream.cancel();
    await eventually(() =>
      gateway.test.rest.call(OpenCodeService.method.health, {}).then(() => openStreams(gateway).then((count) => count === 0)),
    );
  });

  it('are refused with a status of their own, before anything is written', async () => {
    const { doorOf } = gateway;
    const { sessionId } = await Conversation.begin(doorOf('gRPC', 'four'));
    const watch = () => Conversation.at(doorOf('gRPC', 'four'), sessionId).watch({ afterSequence: 0n });
    const streams = [await opened(watch()), await opened(watch())];

    const response = await gateway.fetchAs('four', '/events', { headers: { accept: 'text/event-stream' } });

    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(response.headers.get('content-type')).toContain('application/json');
    for (const stream of streams) stream.cancel();
  });
});

/** As the metrics tell. */
async function openStreams({ fetchAs }: Principals): Promise<number> {
  const text = await (await fetchAs('one', '/metrics')).text();
  return [...text.matchAll(/^opencode_gateway_streams_open\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

describe('the turns that run or wait', () => {
  let gateway: Principals;

  beforeAll(async () => {
    gateway = await startWithPrincipals(['one', 'two', 'three'], { MAX_TURNS_PER_PRINCIPAL: '2', MAX_TURNS: '3' });
  });

  afterAll(() => gateway.stop());

  it.each(NAMES)('have a number for each principal, and another for all (%s)', async (name) => {
    const [one, two, three] = ['one', 'two', 'three'].map((principal) => gateway.doorOf(name, principal)) as [Door, Door, Door];
    const send = (door: Door, sessionId: string, requestId = '') =>
      door.call(MessageService.method.sendMessage, { sessionId, requestId, parts: [textPart(script([endless]))] });
    const tooMany = { code: RESOURCE_EXHAUSTED, reason: 'TOO_MANY_TURNS' };
    const busy = await Conversation.begin(one);
    const free = await Conversation.begin(one);

    await send(one, busy.sessionId, 'first');
    await send(one, busy.sessionId, 'queued');
    // Who comes with the same request joins its turn, and begins none.
    await send(one, busy.sessionId, 'first');
    await expect(send(one, free.sessionId)).rejects.toMatchObject(tooMany);
    await expect(send(one, free.sessionId, 'new')).rejects.toMatchObject(tooMany);
    await expect(free.run([endless])).rejects.toMatchObject(tooMany);
    await expect(free.stream([endless])[Symbol.asyncIterator]().next()).rejects.toMatchObject(tooMany);
    await send(two, free.sessionId);
    await expect(send(three, free.sessionId)).rejects.toMatchObject(tooMany);

    await busy.abort();
    await expect(send(three, busy.sessionId)).resolves.toBeDefined();
    await busy.abort();
    await free.abort();
  });

  it('are refused with a time to come back, also to who wants a stream', async () => {
    const { sessionId } = await Conversation.begin(gateway.doorOf('REST', 'one'));
    const body = JSON.stringify({ parts: [{ text: { text: script([endless]) } }] });
    const post = (accept: string) =>
      gateway.fetchAs('one', `/sessions/${sessionId}/messages`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', accept },
      });
    await post('*/*');
    await post('*/*');

    const refused = [await post('*/*'), await post('text/event-stream')];

    expect(refused.map(({ status }) => status)).toEqual([429, 429]);
    expect(refused.map(({ headers }) => headers.get('retry-after'))).toEqual(['5', '5']);
    await Conversation.at(gateway.doorOf('REST', 'one'), sessionId).abort();
  });
});
