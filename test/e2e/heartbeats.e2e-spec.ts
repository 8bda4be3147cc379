import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { EventService, type GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { Conversation, readUntil, textPart } from '../support/conversation.js';
import type { Streaming } from '../support/door.js';
import { script } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** Silent until nobody waits any more. */
const SILENCE = script([{ t: 'hang' }]);

/** What came over HTTP up to the first match. */
async function readText(url: string, headers: Record<string, string>, pattern: RegExp): Promise<string> {
  const leave = new AbortController();
  const response = await fetch(url, { headers, signal: leave.signal });
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (pattern.test(text)) break;
  }
  leave.abort();
  return text;
}

describe('a quiet stream', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { HEARTBEAT_S: '1' } });
  });

  afterAll(() => test.stop());

  async function untilBeat<I extends DescMessage, O extends DescMessage>(
    method: Streaming<I, O>,
    request: MessageInitShape<I>,
    isBeat: (message: MessageShape<O>) => boolean,
  ): Promise<MessageShape<O> | undefined> {
    const stream = test.grpc.stream(method, request);
    const messages = await readUntil(stream, isBeat);
    stream.cancel();
    return messages.at(-1);
  }

  const isBeat = ({ event }: GlobalEvent): boolean => event.case === 'heartbeat';

  it('over gRPC gets heartbeats that are no place to resume from', async () => {
    const { sessionId } = await Conversation.begin(test.grpc);
    const parts = [textPart(SILENCE)];

    const beats = await Promise.all([
      untilBeat(EventService.method.subscribeGlobalEvents, {}, isBeat),
      untilBeat(EventService.method.subscribeSessionEvents, { sessionId, durableOnly: true }, isBeat),
      untilBeat(MessageService.method.streamMessage, { sessionId, parts }, isBeat),
    ]);

    for (const beat of beats) {
      expect(beat?.event.case).toBe('heartbeat');
      expect(beat?.sequence).toBeUndefined();
      expect(beat?.eventId).toBe('');
    }
    await Conversation.at(test.grpc, sessionId).abort();
  });

  it("over gRPC gets heartbeats in the container's own words", async () => {
    const { sendMessage, streamMessages, cancelAgent } = OpenCodeService.method;
    const parts = [{ content: { case: 'text', value: { text: SILENCE } } } as const];

    const [turn, changes] = await Promise.all([
      untilBeat(sendMessage, { parts }, ({ response }) => response.case === 'heartbeat'),
      untilBeat(streamMessages, {}, ({ event }) => event.case === 'heartbeat'),
    ]);

    expect([turn?.response.case, changes?.event.case]).toEqual(['heartbeat', 'heartbeat']);
    await test.grpc.call(cancelAgent, {});
  });

  it('over server-sent events gets a comment, which is no event', async () => {
    const { sessionId } = await Conversation.begin(test.grpc);

    const text = await readText(`${test.httpUrl}/sessions/${sessionId}/events`, { accept: 'text/event-stream' }, /^:\n\n/m);

    expect(text).toMatch(/\n\n:\n\n$/);
    expect(text).not.toContain('heartbeat');
  });

  it('in JSON lines gets a line', async () => {
    const { sessionId } = await Conversation.begin(test.grpc);

    const text = await readText(`${test.httpUrl}/sessions/${sessionId}/events`, {}, /heartbeat.*\n/);

    expect(JSON.parse(text.trim().split('\n').at(-1) ?? '')).toEqual({
      result: { directory: '', sessionId: '', eventId: '', heartbeat: {} },
    });
  });
});
