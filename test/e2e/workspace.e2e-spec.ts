import { AgentStatus, OpenCodeService, type SendMessageResponse } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { FinishReason, HealthStatus, MessageRole } from '../../src/common/grpc/generated/v1/common_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { collect, Conversation, readUntil } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { script, type Operation } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const rpc = OpenCodeService.method;
const bash: Operation = { t: 'tool', name: 'bash', args: { command: 'echo hello', description: 'test' } };

function prompt(...calls: readonly (readonly Operation[])[]) {
  return { parts: [{ content: { case: 'text' as const, value: { text: script(...calls) } } }] };
}

type Case = NonNullable<SendMessageResponse['response']['case']>;

function kinds(responses: readonly SendMessageResponse[]): (Case | undefined)[] {
  return responses.map(({ response }) => response.case);
}

function textOf(responses: readonly SendMessageResponse[]): string {
  return responses.map(({ response }) => (response.case === 'contentDelta' ? response.value.text : '')).join('');
}

describe("the container's own session", () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { bash: 'ask' } });
  });

  afterAll(() => test.stop());

  it('is one session, even for fifty first calls at once over both doors, and the same one after a restart', async () => {
    const calls = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? test.grpc : test.rest).call(rpc.getSession, {}));

    const ids = new Set((await Promise.all(calls)).map(({ session }) => session?.id));
    const all = await test.grpc.call(SessionService.method.listSessions, {});
    await test.restart();
    const after = await test.grpc.call(rpc.getSession, {});

    expect(ids.size).toBe(1);
    expect(all.sessions).toHaveLength(1);
    expect(ids).toContain(after.session?.id);
  });

  it('keeps the model that was set over a restart', async () => {
    await test.grpc.call(rpc.setModel, { modelId: 'scripted/other' });

    await test.restart();

    await collect(test.grpc.stream(rpc.sendMessage, prompt([{ t: 'text', n: 1 }])));
    expect(test.model.requests.at(-1)?.model).toBe('other');
  });

  describe.each(['gRPC', 'REST'])('over %s', (name) => {
    let door: Door;

    beforeEach(async () => {
      door = name === 'gRPC' ? test.grpc : test.rest;
      await door.call(rpc.resetSession, { title: 'fresh' });
      await door.call(rpc.setModel, { modelId: 'scripted/scripted' });
    });

    it('says that it is healthy', async () => {
      expect(await door.call(rpc.health, {})).toMatchObject({ status: HealthStatus.SERVING, details: {} });
    });

    it('streams text as it comes and ends with one completion', async () => {
      const responses = await collect(
        door.stream(
          rpc.sendMessage,
          prompt([
            { t: 'text', n: 10, ms: 10 },
            { t: 'usage', input: 7, output: 3 },
          ]),
        ),
      );

      const last = responses.at(-1)?.response;
      expect(kinds(responses).filter((kind) => kind === 'messageCompleted' || kind === 'error')).toHaveLength(1);
      expect(last).toMatchObject({
        case: 'messageCompleted',
        value: { finishReason: FinishReason.END_TURN, usage: { promptTokens: 7n, completionTokens: 3n } },
      });
      expect(kinds(responses).filter((kind) => kind === 'contentDelta').length).toBeGreaterThan(3);
      const { messages } = await door.call(rpc.listMessages, { roleFilter: MessageRole.ASSISTANT });
      const [text] = messages.flatMap(({ parts }) => parts.flatMap(({ content }) => (content.case === 'text' ? [content.value.text] : [])));
      expect(textOf(responses)).toBe(text);
    });

    it('tells tools and what they ask, and how the agent waits', async () => {
      const conversationId = (await door.call(rpc.getSession, {})).session?.id ?? '';
      let waiting: AgentStatus | undefined;
      const responses = await collect(
        door.stream(rpc.sendMessage, prompt([bash], [{ t: 'text', value: 'done' }])),
        async ({ response }) => {
          if (response.case !== 'permissionRequested') return;
          waiting = (await door.call(rpc.getAgentStatus, {})).status;
          await Conversation.at(door, conversationId).answerPermission('approve');
        },
      );

      expect(waiting).toBe(AgentStatus.WAITING_PERMISSION);
      expect(kinds(responses)).toEqual(
        expect.arrayContaining(['toolCallStarted', 'permissionRequested', 'toolCallCompleted', 'messageCompleted']),
      );
      expect((await door.call(rpc.getAgentStatus, {})).status).toBe(AgentStatus.IDLE);
    });

    it('ends with an error when the provider refuses, and says so afterwards', async () => {
      const responses = await collect(door.stream(rpc.sendMessage, prompt([{ t: 'http', status: 401 }])));

      expect(responses.at(-1)?.response).toMatchObject({ case: 'error', value: { code: 'APIError' } });
      expect((await door.call(rpc.getAgentStatus, {})).status).toBe(AgentStatus.ERROR);
    });

    it('cancels what runs', async () => {
      const responses = await collect(door.stream(rpc.sendMessage, prompt([{ t: 'endless', ms: 5 }])), async ({ response }) => {
        if (response.case === 'contentDelta') await door.call(rpc.cancelAgent, {});
      });

      expect(responses.at(-1)?.response).toMatchObject({ case: 'messageCompleted', value: { finishReason: FinishReason.CANCELED } });
    });

    it('counts messages, tokens and tools', async () => {
      await collect(
        door.stream(
          rpc.sendMessage,
          prompt([
            { t: 'text', n: 2 },
            { t: 'usage', input: 11, output: 5 },
          ]),
        ),
      );

      const stats = await door.call(rpc.getSessionStats, {});

      expect(stats).toMatchObject({ totalMessages: 2n, userMessages: 1n, assistantMessages: 1n, toolMessages: 0n });
      expect(stats.currentModel).toBe('scripted/scripted');
    });

    it('lists messages by cursor and by offset', async () => {
      for (const value of ['one', 'two']) await collect(door.stream(rpc.sendMessage, prompt([{ t: 'text', value }])));

      const first = await door.call(rpc.listMessages, { pagination: { limit: 3 } });
      const second = await door.call(rpc.listMessages, { pagination: { limit: 3, cursor: first.pagination?.nextCursor ?? '' } });
      const byOffset = await door.call(rpc.listMessages, { pagination: { limit: 1, offset: 3 } });

      expect(first.messages).toHaveLength(3);
      expect(first.pagination).toMatchObject({ total: 4, hasMore: true });
      expect(second.messages.map(({ id }) => id)).toEqual(byOffset.messages.map(({ id }) => id));
      expect(second.pagination?.hasMore).toBe(false);
      await expect(door.call(rpc.listMessages, { pagination: { limit: 101 } })).rejects.toMatchObject({
        code: 3,
        fields: ['pagination.limit'],
      });
    });

    it('streams whole messages as they change', async () => {
      const stream = door.stream(rpc.streamMessages, {});
      const seen = readUntil(stream, ({ event }) => event.case === 'messageUpdated' && event.value.message?.finishedAt !== undefined);
      // Sent once the stream is live: its first message may come only with a change.
      await new Promise((resolve) => setTimeout(resolve, 200));
      await collect(door.stream(rpc.sendMessage, prompt([{ t: 'text', value: 'watched' }])));

      const changes = await seen;

      stream.cancel();
      expect(changes.filter(({ event }) => event.case === 'messageCreated')).toHaveLength(2);
      expect(changes.at(-1)?.event).toMatchObject({
        case: 'messageUpdated',
        value: { message: { parts: [{ content: { case: 'text', value: { text: 'watched' } } }, { content: { case: 'finish' } }] } },
      });
    });

    it('clears its messages, but not while it works', async () => {
      await collect(door.stream(rpc.sendMessage, prompt([{ t: 'text', value: 'old' }])));
      const stream = door.stream(rpc.sendMessage, prompt([{ t: 'endless', ms: 5 }]));
      await readUntil(stream, ({ response }) => response.case === 'contentDelta');

      const tooEarly = door.call(rpc.clearMessages, {});

      await expect(tooEarly).rejects.toMatchObject({ code: 9, reason: 'SESSION_BUSY' });
      await door.call(rpc.cancelAgent, {});
      await door.call(rpc.clearMessages, {});

      expect((await door.call(rpc.listMessages, {})).messages).toEqual([]);
    });

    it('lists models, of all providers or of one', async () => {
      const all = await door.call(rpc.listModels, {});
      const none = await door.call(rpc.listModels, { provider: 'nobody' });

      expect(all.models.map(({ id }) => id)).toEqual(['scripted/scripted', 'scripted/other']);
      expect(all.models[0]).toMatchObject({ name: 'Scripted', provider: 'scripted', contextWindow: 128_000, supportsTools: true });
      expect(all.models[0]?.capabilities).toEqual(expect.arrayContaining(['reasoning', 'input:text', 'input:image', 'output:text']));
      expect(none.models).toEqual([]);
    });

    it.each(['scripted/other', 'other'])('uses the model that was set as %s, for every prompt and after a reset', async (modelId) => {
      const { model } = await door.call(rpc.setModel, { modelId });
      await collect(door.stream(rpc.sendMessage, prompt([{ t: 'text', n: 1 }])));
      await door.call(rpc.resetSession, {});
      await collect(door.stream(rpc.sendMessage, prompt([{ t: 'text', n: 1 }])));

      expect(model?.id).toBe('scripted/other');
      expect(
        test.model.requests
          .filter(({ forTitle }) => !forTitle)
          .slice(-2)
          .map((request) => request.model),
      ).toEqual(['other', 'other']);
      expect((await door.call(rpc.getAgentStatus, {})).model).toBe('scripted/other');
    });

    it('uses another model for a prompt that names it, and goes back to its own', async () => {
      await door.call(rpc.setModel, { modelId: 'other' });

      await collect(door.stream(rpc.sendMessage, { ...prompt([{ t: 'text', n: 1 }]), model: 'scripted/scripted' }));
      await collect(door.stream(rpc.sendMessage, prompt([{ t: 'text', n: 1 }])));

      expect(
        test.model.requests
          .filter(({ forTitle }) => !forTitle)
          .slice(-2)
          .map((request) => request.model),
      ).toEqual(['scripted', 'other']);
    });

    it('refuses a model that is not there, and keeps its own', async () => {
      await door.call(rpc.setModel, { modelId: 'other' });

      await expect(door.call(rpc.setModel, { modelId: 'nothing' })).rejects.toMatchObject({ code: 3, fields: ['model_id'] });
      expect((await door.call(rpc.getAgentStatus, {})).model).toBe('scripted/other');
    });
  });
});
