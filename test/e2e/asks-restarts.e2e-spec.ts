import { EventService } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService, type DisplayMessage } from '../../src/common/grpc/generated/message_pb.js';
import { QuestionService } from '../../src/common/grpc/generated/question_pb.js';
import { AskPolicy, SessionState } from '../../src/common/grpc/generated/session_pb.js';
import { bash, beginAsking, end, isAnswer, isAsk, pendingIn, question, task } from '../support/asks.js';
import { bodiesOf, Conversation, readUntil, textPart } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { OpencodeProxy } from '../support/opencode-proxy.js';
import { OpencodeServer } from '../support/opencode-server.js';
import { script, type Operation } from '../support/scripted-model.js';

interface Replica {
  readonly door: Door;
  stop(): Promise<void>;
}

/** Sends without waiting, and returns once somebody must answer. */
async function ask(conversation: Conversation, operation: Operation): Promise<void> {
  const { door, sessionId } = conversation;
  const parts = [textPart(script([operation], [end]))];
  await door.call(MessageService.method.sendMessage, { sessionId, parts });
  await readUntil(conversation.watch(), isAsk);
}

/** The last message, once the session writes no more. */
async function lastWord(conversation: Conversation): Promise<DisplayMessage | undefined> {
  for (;;) {
    const last = (await conversation.history()).at(-1);
    if (last?.finish === 'stop') return last;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('asks', () => {
  let opencode: OpencodeServer;
  const running = new Set<Replica>();

  beforeAll(async () => {
    opencode = await OpencodeServer.start({ permission: { bash: 'ask' } });
  });

  afterEach(() => Promise.all([...running].map((replica) => replica.stop())));

  afterAll(() => opencode.stop());

  async function start(settings: Readonly<Record<string, string>> = {}): Promise<Replica> {
    const gateway = await opencode.gateway(settings);
    const stop = (): Promise<void> => {
      running.delete(replica);
      return gateway.stop();
    };
    const replica = { door: gateway.rest, stop };
    running.add(replica);
    return replica;
  }

  it.each([
    ['a permission', bash],
    ['a question', question],
    ["a sub-agent's permission", task(bash)],
  ])('that wait while the gateway restarts are listed, told and answered after it: %s', async (_, operation) => {
    const before = await start();
    const { sessionId } = await beginAsking(before.door);
    await ask(Conversation.at(before.door, sessionId), operation);
    const asked = await pendingIn(before.door, sessionId);
    await before.stop();

    const { door } = await start();
    const conversation = Conversation.at(door, sessionId);
    const told = (await readUntil(conversation.watch(), isAsk)).filter(isAsk);
    const listed = await pendingIn(door, sessionId);
    await conversation.answerPermission('once');
    for (const { event } of told) {
      if (event.case !== 'questionAsked') continue;
      const questionId = event.value.question?.id ?? '';
      await door.call(QuestionService.method.replyQuestion, { sessionId, questionId, answers: [{ labels: ['A'] }] });
    }

    expect(asked).toHaveLength(1);
    expect(listed).toEqual(asked);
    expect(told).toHaveLength(1);
    expect((await lastWord(conversation))?.textParts).toEqual(['end']);
    expect(await pendingIn(door, sessionId)).toEqual([]);
  });

  it('that wait when gateways start are answered by their policy once, however many do so, but where a session says otherwise', async () => {
    const patient = await start();
    const conversation = await beginAsking(patient.door, { ask: AskPolicy.ONCE, askTimeoutS: 3_600 });
    const follower = conversation.watch();
    await ask(conversation, bash);
    const { sessionId } = await beginAsking(patient.door);
    const other = Conversation.at(patient.door, sessionId);
    const otherFollower = other.watch();
    await ask(other, bash);

    const hasty = { ASK_DEFAULT: 'reject', ASK_TIMEOUT_S: '0.1' };
    const [first, second] = await Promise.all([start(hasty), start(hasty)]);

    const told = await readUntil(otherFollower, ({ event }) => event.case === 'sessionStatus' && event.value.state === SessionState.IDLE);
    expect(bodiesOf(told, 'permissionReplied').map(({ reply }) => reply)).toEqual(['reject']);
    for (const { door } of [patient, first, second]) {
      expect(await pendingIn(door, sessionId)).toEqual([]);
      expect(await pendingIn(door, conversation.sessionId)).toHaveLength(1);
    }
    await conversation.answerPermission('once');
    await readUntil(follower, isAnswer);
    expect((await lastWord(conversation))?.textParts).toEqual(['end']);
  });

  it.each([
    ['a permission', bash],
    ['a question', question],
    ["a sub-agent's permission", task(bash)],
  ])('that OpenCode forgot in a restart are gone, and followers are told: %s', async (_, operation) => {
    const { door } = await start();
    const conversation = await beginAsking(door);
    const follower = conversation.watch();
    const everywhere = door.stream(EventService.method.subscribeGlobalEvents, {});
    await ask(conversation, operation);

    await opencode.kill();
    await opencode.launch();

    const told = await Promise.all([readUntil(follower, isAnswer), readUntil(everywhere, isAnswer)]);
    for (const events of told) expect(events.filter(isAsk)).toHaveLength(1);
    expect(await pendingIn(door, conversation.sessionId)).toEqual([]);
    expect((await conversation.run([end])).textParts).toEqual(['end']);
  });

  it('that come and go while the gateway cannot reach OpenCode are right once it can', async () => {
    const proxy = await OpencodeProxy.start(opencode.url);
    const cutOff = await start({ OPENCODE_BASE_URL: proxy.url });
    const direct = await start();
    const gone = await beginAsking(cutOff.door);
    const come = await beginAsking(cutOff.door);
    const follower = gone.watch();
    await ask(gone, bash);
    proxy.cut();

    await Conversation.at(direct.door, gone.sessionId).answerPermission('once');
    await ask(Conversation.at(direct.door, come.sessionId), bash);
    proxy.mend();

    await readUntil(follower, isAnswer);
    await readUntil(come.watch(), isAsk);
    expect(await pendingIn(cutOff.door, gone.sessionId)).toEqual([]);
    expect(await pendingIn(cutOff.door, come.sessionId)).toHaveLength(1);
    await come.answerPermission('once');
    expect((await lastWord(come))?.textParts).toEqual(['end']);
    await cutOff.stop();
    await proxy.stop();
  });
});
