import { TurnState, type GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { FinishReason } from '../../src/common/grpc/generated/v1/common_pb.js';
import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { bodiesOf, collect, Conversation, finalStates, isFinal, readUntil, textPart, turnStates } from '../support/conversation.js';
import { OpencodeServer } from '../support/opencode-server.js';
import { OverridingProxy } from '../support/overriding-proxy.js';
import type { RemoteGateway } from '../support/remote-gateway.js';
import { script, type Operation } from '../support/scripted-model.js';

const { runMessage, listMessages, getMessage, getMessages } = MessageService.method;
const UNAVAILABLE = 14;

const bash = (command: string): Operation => ({ t: 'tool', name: 'bash', args: { command, description: 'test' } });

function isGrowing({ event }: GlobalEvent): boolean {
  return event.case === 'messagePartUpdated' && event.value.part.case === 'text' && event.value.part.value.text.startsWith('w0');
}

function isAtWork({ event }: GlobalEvent): boolean {
  return event.case === 'messagePartUpdated' && event.value.part.case === 'tool' && event.value.part.value.state?.status === 'running';
}

function isIn(state: TurnState): (event: GlobalEvent) => boolean {
  return ({ event }) => event.case === 'turnUpdated' && event.value.state === state;
}

async function roles(conversation: Conversation): Promise<string[]> {
  return (await conversation.history()).map(({ role }) => role);
}

describe('a turn that this gateway did not begin', () => {
  let server: OpencodeServer;
  let gateway: RemoteGateway;
  let conversation: Conversation;

  beforeAll(async () => {
    server = await OpencodeServer.start({ permission: { bash: 'ask' } });
    gateway = await server.gateway();
  });

  afterAll(async () => {
    await gateway.stop();
    await server.stop();
  });

  beforeEach(async () => {
    conversation = await Conversation.begin(gateway.grpc);
  });

  /** As OpenCode's own interface does. */
  function promptPastUs(...calls: readonly (readonly Operation[])[]): Promise<void> {
    const model = { providerID: 'scripted', modelID: 'scripted' };
    return server.post(`/session/${conversation.sessionId}/prompt_async`, { parts: [{ type: 'text', text: script(...calls) }], model });
  }

  it('is told to who follows the session, with its end', async () => {
    const watched = conversation.watch();
    await promptPastUs([{ t: 'text', n: 30, ms: 30 }]);

    const events = await readUntil(watched, isFinal);

    expect(turnStates(events)).toEqual([TurnState.RUNNING, TurnState.COMPLETED]);
    const [prompt, answer] = await conversation.history();
    expect(bodiesOf(events, 'turnUpdated').at(-1)).toMatchObject({ turnId: prompt?.messageId, messageId: answer?.messageId });
  });

  it('is not merged with the prompt that is sent meanwhile', async () => {
    await promptPastUs([{ t: 'text', n: 20, ms: 40 }]);
    await readUntil(conversation.watch(), isGrowing);

    const next = await conversation.run([{ t: 'text', value: 'next' }]);

    expect(next.textParts).toEqual(['next']);
    expect(await roles(conversation)).toEqual(['user', 'assistant', 'user', 'assistant']);
    expect((await conversation.history())[1]?.textParts[0]).toContain('w19');
  });

  it('ends the turn of a gateway that went away in the middle, and keeps the next prompt waiting', async () => {
    const before = await server.gateway();
    const lost = Conversation.at(before.rest, conversation.sessionId).stream([{ t: 'text', n: 60, ms: 50 }]);
    await readUntil(lost, isGrowing);
    await before.stop();
    const after = await server.gateway();
    const again = Conversation.at(after.rest, conversation.sessionId);
    const watched = readUntil(again.watch(), isFinal);

    const next = await again.run([{ t: 'text', value: 'next' }]);

    const [{ messageId: turnId } = { messageId: '' }] = await again.history();
    const told = bodiesOf(await watched, 'turnUpdated').filter((turn) => turn.turnId === turnId);
    expect(told.map(({ state }) => state)).toEqual([TurnState.RUNNING, TurnState.COMPLETED]);
    expect(next.textParts).toEqual(['next']);
    expect(await roles(again)).toEqual(['user', 'assistant', 'user', 'assistant']);
    await after.stop();
  });

  it('is told to have ended to a reader who comes back to a gateway that did not see it', async () => {
    const before = await server.gateway();
    const leaving = Conversation.at(before.grpc, conversation.sessionId);
    const seen = await readUntil(leaving.stream([{ t: 'text', n: 10, ms: 20 }]), ({ sequence }) => sequence !== undefined);
    await before.stop();
    while ((await conversation.history()).at(-1)?.finish !== 'stop') await new Promise((resolve) => setTimeout(resolve, 50));
    const after = await server.gateway();

    const told = Conversation.at(after.rest, conversation.sessionId).watch({ afterSequence: seen.at(-1)?.sequence ?? 0n });

    expect(turnStates(await readUntil(told, isFinal))).toEqual([TurnState.COMPLETED]);
    await after.stop();
  });

  it('waits for what it asked, also at a gateway that starts then', async () => {
    await promptPastUs([bash('echo hello')], [{ t: 'text', value: 'said' }]);
    await readUntil(conversation.watch(), isIn(TurnState.WAITING));
    const after = await server.gateway();
    const again = Conversation.at(after.grpc, conversation.sessionId);

    const events = await collect(
      (async function* () {
        for await (const event of again.watch()) {
          yield event;
          if (isFinal(event)) return;
        }
      })(),
      (event) => (isIn(TurnState.WAITING)(event) ? again.answerPermission('once') : undefined),
    );

    expect(turnStates(events).filter((state) => state !== TurnState.RUNNING)).toEqual([TurnState.WAITING, TurnState.COMPLETED]);
    await after.stop();
  });

  it('can be aborted', async () => {
    await promptPastUs([{ t: 'endless', ms: 10 }]);
    const watched = conversation.watch();
    const ended = readUntil(watched, isFinal);
    await readUntil(conversation.watch(), isGrowing);

    await conversation.abort();

    expect(finalStates(await ended)).toEqual([TurnState.ABORTED]);
    expect((await conversation.run([{ t: 'text', value: 'again' }])).textParts).toEqual(['again']);
  });

  it.each([
    ['by itself', { t: 'text', n: 20, ms: 40 } as const, TurnState.COMPLETED, () => Promise.resolve()],
    ['by an abort', { t: 'endless', ms: 10 } as const, TurnState.ABORTED, (at: Conversation) => at.abort()],
  ])('is told once when it ended %s before OpenCode had said what the session does', async (_, operation, state, end) => {
    const slow = await OverridingProxy.start(server.url);
    const behind = await server.gateway({ OPENCODE_BASE_URL: slow.url });
    const reader = Conversation.at(behind.rest, conversation.sessionId);
    const told = readUntil(reader.watch(), isFinal);
    let letThrough = (): void => undefined;
    slow.overrides.set(/^GET \/session\/status/, { notBefore: new Promise((resolve) => (letThrough = resolve)) });
    await promptPastUs([operation]);
    await readUntil(reader.watch(), isGrowing);

    await end(reader);
    while (!['stop', 'error'].includes((await conversation.history()).at(-1)?.finish ?? ''))
      await new Promise((resolve) => setTimeout(resolve, 50));
    letThrough();

    expect(turnStates(await told)).toEqual([state]);
    expect((await reader.run([{ t: 'text', value: 'next' }])).textParts).toEqual(['next']);
    await behind.stop();
    await slow.stop();
  });

  it('is one with the work of its sub-agents', async () => {
    const prompt = script([{ t: 'text', n: 20, ms: 40 }]);
    const task: Operation = { t: 'tool', name: 'task', args: { description: 'sub', subagent_type: 'general', prompt } };
    const watched = readUntil(conversation.watch(), isFinal);
    await promptPastUs([task], [{ t: 'text', value: 'all done' }]);

    const events = await watched;

    expect(new Set(bodiesOf(events, 'turnUpdated').map(({ turnId }) => turnId)).size).toBe(1);
    expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
  });
});

describe('OpenCode going away', () => {
  let server: OpencodeServer;
  let gateway: RemoteGateway;
  let conversation: Conversation;

  beforeAll(async () => {
    server = await OpencodeServer.start();
  });

  afterAll(() => server.stop());

  beforeEach(async () => {
    gateway = await server.gateway();
    conversation = await Conversation.begin(gateway.grpc);
  });

  afterEach(() => gateway.stop());

  it('in the middle of a turn ends it as interrupted for everybody, once it is back', async () => {
    const stream = conversation.stream([{ t: 'text', n: 2, ms: 5 }, bash('sleep 60')]);
    const followed = readUntil(conversation.watch(), isFinal);
    const events = collect(stream);
    await readUntil(conversation.watch(), isAtWork);
    const queued = conversation.run([{ t: 'text', value: 'after all' }]);
    await readUntil(conversation.watch(), isIn(TurnState.QUEUED));

    await server.kill();
    await server.launch();

    expect(finalStates(await events)).toEqual([TurnState.INTERRUPTED]);
    expect(finalStates(await followed)).toEqual([TurnState.INTERRUPTED]);
    expect((await queued).textParts).toEqual(['after all']);
  });

  it('leaves no message that looks as if it were being written', async () => {
    const { sessionId } = conversation;
    const running = conversation.run([{ t: 'text', n: 2, ms: 5 }, bash('sleep 60')]);
    const failed = expect(running).rejects.toMatchObject({ code: UNAVAILABLE, reason: 'TURN_INTERRUPTED' });
    await readUntil(conversation.watch(), isAtWork);

    await server.kill();
    await server.launch();
    await failed;
    const after = await server.gateway();

    const told = {
      finish: 'error',
      errorName: 'TurnInterrupted',
      toolCalls: [expect.objectContaining({ status: 'error', error: 'interrupted' })],
    };
    for (const { grpc } of [gateway, after]) {
      const { messages } = await grpc.call(listMessages, { sessionId });
      const messageId = messages[1]?.messageId ?? '';
      expect(messages[1]).toMatchObject(told);
      expect((await grpc.call(getMessages, { sessionId })).messages[1]).toMatchObject(told);
      expect(await grpc.call(getMessage, { sessionId, messageId })).toMatchObject(told);
    }
    await after.stop();
  });

  it('in the middle of a request with a key is told to who repeats it, and nothing is run twice', async () => {
    const { sessionId } = conversation;
    const parts = [textPart(script([{ t: 'text', n: 2, ms: 5 }, bash('sleep 60')], [{ t: 'text', value: 'never' }]))];
    const request = { sessionId, requestId: 'interrupted', parts };
    const interrupted = { code: UNAVAILABLE, reason: 'TURN_INTERRUPTED', metadata: { errorName: 'TurnInterrupted' } };
    const first = expect(gateway.grpc.call(runMessage, request)).rejects.toMatchObject(interrupted);
    await readUntil(conversation.watch(), isAtWork);

    await server.kill();
    await server.launch();
    await first;
    const other = await server.gateway();

    await expect(gateway.grpc.call(runMessage, request)).rejects.toMatchObject(interrupted);
    await expect(other.rest.call(runMessage, request)).rejects.toMatchObject(interrupted);
    expect(await roles(conversation)).toEqual(['user', 'assistant']);
    await other.stop();
  });

  it("leaves none in the container's own session either", async () => {
    const { session } = await gateway.grpc.call(OpenCodeService.method.getSession, {});
    const own = Conversation.at(gateway.grpc, session?.id ?? '');
    const events = collect(own.stream([{ t: 'text', n: 2, ms: 5 }, bash('sleep 60')]));
    await readUntil(own.watch(), isAtWork);

    await server.kill();
    await server.launch();
    await events;

    const { messages } = await gateway.grpc.call(OpenCodeService.method.listMessages, {});
    expect(messages.at(-1)?.parts.map(({ content }) => content)).toMatchObject([
      { case: 'text' },
      { case: 'toolCall' },
      { case: 'toolResult', value: { isError: true, content: 'interrupted' } },
      { case: 'finish', value: { reason: FinishReason.ERROR } },
    ]);
  });

  it('for good ends what runs and refuses what waits', async () => {
    await gateway.stop();
    gateway = await server.gateway({ OPENCODE_LOST_AFTER_S: '3' });
    conversation = await Conversation.begin(gateway.grpc);
    const stream = conversation.stream([{ t: 'endless', ms: 10 }]);
    const events = collect(stream);
    await readUntil(conversation.watch(), isGrowing);
    const followed = readUntil(conversation.watch(), isFinal);
    const queued = conversation.run([{ t: 'text', value: 'never' }]);
    const refused = expect(queued).rejects.toMatchObject({ code: UNAVAILABLE, reason: 'TURN_INTERRUPTED' });
    await readUntil(conversation.watch(), isIn(TurnState.QUEUED));

    await server.kill();

    expect(bodiesOf(await events, 'turnUpdated').at(-1)).toMatchObject({ state: TurnState.INTERRUPTED, errorName: 'OpencodeLost' });
    expect(finalStates(await followed)).toEqual([TurnState.INTERRUPTED]);
    await refused;
    await server.launch();
  });
});
