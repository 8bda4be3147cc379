import { TurnState } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { QuestionService } from '../../src/common/grpc/generated/question_pb.js';
import { AskPolicy, SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { PermissionService } from '../../src/common/grpc/generated/tool_pb.js';
import { Audit } from '../../src/common/logging/audit.js';
import { bash, beginAsking, end, isAnswer, isAsk, pendingIn, question, task } from '../support/asks.js';
import { bodiesOf, collect, Conversation, finalStates, readUntil, textPart } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { script } from '../support/scripted-model.js';
import { doorOf, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const HOUR_S = 3_600;

const sessions = SessionService.method;
const permissions = PermissionService.method;

describe('asks', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { bash: 'ask' } });
  });

  afterEach(() => jest.restoreAllMocks());

  afterAll(() => test.stop());

  describe.each(['grpc', 'rest'] as const)('over %s', (name) => {
    let door: Door;

    beforeEach(() => {
      door = doorOf(test, name);
    });

    it('are rejected at once in a session that was told to reject them', async () => {
      const conversation = await beginAsking(door, { ask: AskPolicy.REJECT });

      const events = await collect(conversation.stream([bash], [end]));

      expect(bodiesOf(events, 'permissionReplied').map(({ reply }) => reply)).toEqual(['reject']);
      expect(finalStates(events)).toEqual([TurnState.REJECTED]);
      expect(await pendingIn(door, conversation.sessionId)).toEqual([]);
    });

    it('for permission are given once in a session that was told so, each time', async () => {
      const conversation = await beginAsking(door, { ask: AskPolicy.ONCE });

      const events = await collect(conversation.stream([bash], [bash], [end]));

      expect(bodiesOf(events, 'permissionReplied').map(({ reply }) => reply)).toEqual(['once', 'once']);
      expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
    });

    it('that are questions are rejected where permissions are given once', async () => {
      const conversation = await beginAsking(door, { ask: AskPolicy.ONCE });

      const events = await collect(conversation.stream([question], [end]));

      expect(bodiesOf(events, 'questionClosed')).toMatchObject([{ rejected: true }]);
      expect(finalStates(events)).toEqual([TurnState.REJECTED]);
    });

    it.each([
      ['rejects', AskPolicy.REJECT, 'reject'],
      ['gives once', AskPolicy.ONCE, 'once'],
    ])('of sub-agents meet the policy of their root, which %s', async (_, ask, reply) => {
      const conversation = await beginAsking(door, { ask });

      const events = await collect(conversation.stream([task(bash)], [end]));

      expect(bodiesOf(events, 'permissionReplied').map((replied) => replied.reply)).toEqual([reply]);
      expect(events.filter(isAsk).map(({ sessionId }) => sessionId)).not.toContain(conversation.sessionId);
      expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
    });

    it('meet the policy that a child session has of its own', async () => {
      const { sessionId: parentId } = await beginAsking(door, { ask: AskPolicy.REJECT });
      const { id } = await door.call(sessions.createSession, { title: 'child', parentId, ask: AskPolicy.ONCE });

      const events = await collect(Conversation.at(door, id).stream([bash], [end]));

      expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
    });

    it('wait for the caller as long as the session says, and no longer', async () => {
      const patient = await beginAsking(door, { ask: AskPolicy.REJECT, askTimeoutS: HOUR_S });
      const hasty = await beginAsking(door, { ask: AskPolicy.REJECT, askTimeoutS: 1 });

      const [answered, unanswered] = await Promise.all([
        collect(patient.stream([bash], [end]), (event) => (isAsk(event) ? patient.answerPermission('once') : undefined)),
        collect(hasty.stream([bash], [end])),
      ]);

      expect(finalStates(answered)).toEqual([TurnState.COMPLETED]);
      expect(finalStates(unanswered)).toEqual([TurnState.REJECTED]);
    });

    it('that wait already meet the policy a session is given later', async () => {
      const conversation = await beginAsking(door);
      const { sessionId } = conversation;

      const events = await collect(conversation.stream([task(bash)], [end]), async (event) => {
        if (!isAsk(event)) return;
        await door.call(sessions.updateSession, { sessionId, ask: AskPolicy.REJECT, askTimeoutS: HOUR_S });
        await door.call(sessions.updateSession, { sessionId, ask: AskPolicy.ONCE });
      });

      expect(bodiesOf(events, 'permissionReplied').map(({ reply }) => reply)).toEqual(['once']);
    });

    it('have a policy that is told, changed, taken away, and copied with the history', async () => {
      const { sessionId } = await beginAsking(door, { ask: AskPolicy.ONCE, askTimeoutS: 7 });
      const told = await door.call(sessions.getSession, { sessionId });
      const copied = await door.call(sessions.forkSession, { sessionId });
      const renamed = await door.call(sessions.updateSession, { sessionId, title: 'renamed' });
      const changed = await door.call(sessions.updateSession, { sessionId, ask: AskPolicy.WAIT });
      const removed = await door.call(sessions.updateSession, { sessionId, ask: AskPolicy.UNSPECIFIED });

      for (const session of [told, copied, renamed]) expect(session).toMatchObject({ ask: AskPolicy.ONCE, askTimeoutS: 7 });
      expect(changed).toMatchObject({ ask: AskPolicy.WAIT, askTimeoutS: 0 });
      expect(removed.ask).toBe(AskPolicy.UNSPECIFIED);
      expect(removed.askTimeoutS).toBeUndefined();
    });

    it.each([
      ['a time without an answer', { askTimeoutS: 5 }, 'ask_timeout_s'],
      ['a time to wait for ever', { ask: AskPolicy.WAIT, askTimeoutS: 5 }, 'ask_timeout_s'],
      ['a time no timer can wait', { ask: AskPolicy.ONCE, askTimeoutS: 2_147_484 }, 'ask_timeout_s'],
      ['a policy that is none', { ask: 9 as AskPolicy }, 'ask'],
    ])('take no policy with %s', async (_, policy, field) => {
      const { sessionId } = await beginAsking(door);

      const created = door.call(sessions.createSession, policy);
      const updated = door.call(sessions.updateSession, { sessionId, ...policy });

      await expect(created).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: [field] });
      await expect(updated).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: [field] });
    });

    it('of a sub-agent stand in the lists of its root and of its own, and are answered through no other session', async () => {
      const stranger = await beginAsking(door);
      const conversation = await beginAsking(door);

      const events = await collect(conversation.stream([task(bash)], [end]), async (event) => {
        if (event.event.case !== 'permissionCreated') return;
        const permissionId = event.event.value.permission?.id ?? '';
        expect(await pendingIn(door, conversation.sessionId)).toEqual([permissionId]);
        expect(await pendingIn(door, event.sessionId)).toEqual([permissionId]);
        expect(await pendingIn(door, stranger.sessionId)).toEqual([]);
        const answer = { permissionId, response: 'once' };
        const strange = door.call(permissions.respondToPermission, { ...answer, sessionId: stranger.sessionId });
        await expect(strange).rejects.toMatchObject({ code: NOT_FOUND, reason: 'PERMISSION_NOT_FOUND' });
        await door.call(permissions.respondToPermission, { ...answer, sessionId: event.sessionId });
      });

      expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
      expect(await pendingIn(door, conversation.sessionId)).toEqual([]);
    });

    it('are audited as rejected by the abort', async () => {
      const record = jest.spyOn(Audit.prototype, 'record');
      const conversation = await beginAsking(door);

      const events = await collect(conversation.stream([task(bash)]), (event) => (isAsk(event) ? conversation.abort() : undefined));

      const [asked] = bodiesOf(events, 'permissionCreated').map(({ permission }) => permission);
      const answers = record.mock.calls.filter(([{ action }]) => action === 'permission.answer');
      expect(answers).toEqual([[{ action: 'permission.answer', target: `${asked?.sessionId}/${asked?.id}/bash`, by: 'abort' }, 'reject']]);
    });

    it('of a session for permission are all rejected with one of them', async () => {
      const conversation = await beginAsking(door);
      const { sessionId } = conversation;
      let asked = 0;

      const events = await collect(conversation.stream([bash, bash], [end]), async ({ event }) => {
        if (event.case !== 'permissionCreated' || ++asked < 2) return;
        await door.call(permissions.respondToPermission, { sessionId, permissionId: event.value.permission?.id ?? '', response: 'reject' });
      });

      expect(bodiesOf(events, 'permissionReplied').map(({ reply }) => reply)).toEqual(['reject', 'reject']);
      expect(finalStates(events)).toEqual([TurnState.REJECTED]);
      expect(await pendingIn(door, sessionId)).toEqual([]);
    });

    it.each([
      ['a permission', bash],
      ['a question', question],
      ['a permission of a sub-agent', task(bash)],
    ])('that are %s are gone when the session is aborted, and followers are told', async (_, operation) => {
      const conversation = await beginAsking(door);
      const { sessionId } = conversation;
      const follower = conversation.watch();
      const sent = door.call(MessageService.method.runMessage, { sessionId, parts: [textPart(script([operation]))] });
      await readUntil(conversation.watch(), isAsk);

      await conversation.abort();

      const told = await readUntil(follower, isAnswer);
      expect(told.filter(isAsk)).toHaveLength(1);
      expect(await pendingIn(door, sessionId)).toEqual([]);
      await sent;
      expect((await conversation.run([end])).textParts).toEqual(['end']);
    });
  });

  it('leave one line each for who looks back: what was answered where, and by whom, and nothing of the contents', async () => {
    const record = jest.spyOn(Audit.prototype, 'record');
    const conversation = await beginAsking(test.grpc);
    const { sessionId } = conversation;
    const unattended = await beginAsking(test.grpc, { ask: AskPolicy.ONCE });

    const asked = await collect(conversation.stream([bash], [question], [question], [end]), async ({ event }) => {
      if (event.case === 'permissionCreated') await conversation.answerPermission('once');
      if (event.case !== 'questionAsked') return;
      const request = { sessionId, questionId: event.value.question?.id ?? '' };
      const isFirst = record.mock.calls.length < 2;
      if (isFirst) await test.grpc.call(QuestionService.method.replyQuestion, { ...request, answers: [{ labels: ['A'] }] });
      else await test.grpc.call(QuestionService.method.rejectQuestion, request);
    });
    const granted = await collect(unattended.stream([bash], [question], [end]));

    const [permission] = bodiesOf(asked, 'permissionCreated').map((body) => body.permission?.id);
    const [first, second] = bodiesOf(asked, 'questionAsked').map((body) => body.question?.id);
    const [given] = bodiesOf(granted, 'permissionCreated').map((body) => body.permission?.id);
    const [dismissed] = bodiesOf(granted, 'questionAsked').map((body) => body.question?.id);
    const lines = record.mock.calls.map(([{ action, target, by }, result]) => [
      action,
      target,
      result,
      typeof by === 'string' ? by : by.principal.id,
    ]);
    expect(lines).toEqual([
      ['permission.answer', `${sessionId}/${permission}/bash`, 'once', 'anonymous'],
      ['question.answer', `${sessionId}/${first}`, 'reply', 'anonymous'],
      ['question.answer', `${sessionId}/${second}`, 'reject', 'anonymous'],
      ['permission.answer', `${unattended.sessionId}/${given}/bash`, 'once', 'policy'],
      ['question.answer', `${unattended.sessionId}/${dismissed}`, 'reject', 'policy'],
    ]);
  });

  it('that nobody answers in time are answered as the deployment says, but where a session says otherwise', async () => {
    const strict = await startTestGateway({ permission: { bash: 'ask' }, settings: { ASK_DEFAULT: 'reject', ASK_TIMEOUT_S: '0.2' } });
    const conversation = await beginAsking(strict.grpc);
    const patient = await beginAsking(strict.grpc, { ask: AskPolicy.WAIT });
    const waiting = patient.stream([bash], [end]);
    await readUntil(patient.watch(), isAsk);

    expect(finalStates(await collect(conversation.stream([bash], [end])))).toEqual([TurnState.REJECTED]);
    expect(finalStates(await collect(conversation.stream([question], [end])))).toEqual([TurnState.REJECTED]);
    expect(await pendingIn(strict.grpc, patient.sessionId)).toHaveLength(1);
    await patient.abort();
    expect(finalStates(await collect(waiting))).toEqual([TurnState.ABORTED]);
    await strict.stop();
  });
});
