import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TurnState } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { QuestionService } from '../../src/common/grpc/generated/question_pb.js';
import { SessionService, SessionState } from '../../src/common/grpc/generated/session_pb.js';
import { bodiesOf, collect, Conversation, textPart } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import type { Operation } from '../support/scripted-model.js';
import { doorOf, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;
const UNKNOWN_MESSAGE = 'msg_000000000000001YAk0Kmibi7xHZ';
const UNKNOWN_SESSION = 'ses_000000000000001YAk0Kmibi7xHZ';

const hang: Operation = { t: 'hang' };
const todoWrite: Operation = {
  t: 'tool',
  name: 'todowrite',
  args: { todos: [{ content: 'think', status: 'in_progress', priority: 'high', id: '1' }] },
};

describe('the history of a session', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { webfetch: 'ask' }, config: { snapshot: true } });
  });

  afterAll(() => test.stop());

  describe.each(['grpc', 'rest'] as const)('over %s', (name) => {
    const sessions = SessionService.method;
    const messages = MessageService.method;
    let door: Door;
    let conversation: Conversation;
    let sessionId: string;
    /** A file of this door's own: changes are told per file. */
    let path: string;

    const write = (content: string): Operation => ({
      t: 'tool',
      name: 'write',
      args: { filePath: join(test.opencode.workspace, path), content },
    });
    const edit = (oldString: string, newString: string): Operation => ({
      t: 'tool',
      name: 'edit',
      args: { filePath: join(test.opencode.workspace, path), oldString, newString },
    });
    const content = (): Promise<string> => readFile(join(test.opencode.workspace, path), 'utf8').catch(() => '<gone>');
    const promptIds = async (): Promise<string[]> =>
      (await conversation.history()).filter(({ role }) => role === 'user').map(({ messageId }) => messageId);

    beforeEach(async () => {
      door = doorOf(test, name);
      conversation = await Conversation.begin(door);
      sessionId = conversation.sessionId;
      path = `${sessionId}.txt`;
    });

    it('tells what each turn changed in the files, and all of them', async () => {
      await conversation.run([write('one\n')], [{ t: 'text', n: 1 }]);
      await conversation.run([edit('one', 'two')], [{ t: 'text', n: 1 }]);
      const [first = '', second = ''] = await promptIds();

      const ofFirst = await door.call(sessions.getSessionDiff, { sessionId, messageId: first });
      const ofSecond = await door.call(sessions.getSessionDiff, { sessionId, messageId: second });
      const whole = await door.call(sessions.getSessionDiff, { sessionId });

      expect(ofFirst.files).toMatchObject([{ path, status: 'added', additions: 1, deletions: 0 }]);
      expect(ofSecond.files).toMatchObject([{ path, status: 'modified', additions: 1, deletions: 1 }]);
      expect(ofSecond.files[0]?.patch).toMatch(/-one\n\+two/);
      expect(whole.files).toMatchObject([{ path, status: 'added', additions: 2, deletions: 1 }]);
    });

    it('takes a message and its changes of files back, and brings them again', async () => {
      await conversation.run([write('one\n')], [{ t: 'text', n: 1 }]);
      await conversation.run([edit('one', 'two')], [{ t: 'text', n: 1 }]);
      const [, second = ''] = await promptIds();

      const reverted = await door.call(sessions.revertSession, { sessionId, messageId: second });
      const during = await content();
      const restored = await door.call(sessions.unrevertSession, { sessionId });

      expect(reverted.revertedMessageId).toBe(second);
      expect(during).toBe('one\n');
      expect(restored.revertedMessageId).toBeUndefined();
      expect(await content()).toBe('two\n');
    });

    it('goes on from a reverted message: what came after it is gone', async () => {
      await conversation.run([{ t: 'text', value: 'kept' }]);
      await conversation.run([{ t: 'text', value: 'dropped' }]);
      const [, second = ''] = await promptIds();
      await door.call(sessions.revertSession, { sessionId, messageId: second });

      await conversation.run([{ t: 'text', value: 'instead' }]);

      const answers = (await conversation.history()).filter(({ role }) => role === 'assistant').flatMap(({ textParts }) => textParts);
      expect(answers).toEqual(['kept', 'instead']);
    });

    it('copies a session up to a message, with its labels and model', async () => {
      await door.call(sessions.updateSession, { sessionId, labels: { team: 'a' }, model: 'scripted/other' });
      await conversation.run([{ t: 'text', value: 'first' }]);
      await conversation.run([{ t: 'text', value: 'second' }]);
      const [, second = ''] = await promptIds();

      const whole = await door.call(sessions.forkSession, { sessionId });
      const half = await door.call(sessions.forkSession, { sessionId, messageId: second });

      expect(whole).toMatchObject({ labels: { team: 'a' }, model: 'scripted/other' });
      expect(whole.id).not.toBe(sessionId);
      expect(await Conversation.at(door, whole.id).history()).toHaveLength(4);
      expect(await Conversation.at(door, half.id).history()).toHaveLength(2);
      expect((await Conversation.at(door, half.id).run([{ t: 'text', value: 'on' }])).textParts).toEqual(['on']);
    });

    it('deletes a message', async () => {
      await conversation.run([{ t: 'text', value: 'first' }]);
      const [prompt, answer] = await conversation.history();

      await door.call(messages.deleteMessage, { sessionId, messageId: answer?.messageId ?? '' });

      expect((await conversation.history()).map(({ messageId }) => messageId)).toEqual([prompt?.messageId]);
    });

    it('sums a history up', async () => {
      await conversation.run([{ t: 'text', n: 20 }]);
      await door.call(messages.sendMessage, { sessionId, parts: [textPart('tell me something')] });
      await conversation.run([{ t: 'text', n: 20 }]);

      await door.call(sessions.summarizeSession, { sessionId });

      const last = (await conversation.history()).at(-1);
      expect(last).toMatchObject({ role: 'assistant', agent: 'compaction' });
      expect((await conversation.run([{ t: 'text', value: 'on' }])).textParts).toEqual(['on']);
    });

    it('says when no summary was made', async () => {
      await conversation.run([{ t: 'http', status: 401 }]).catch(() => undefined);

      const summary = door.call(sessions.summarizeSession, { sessionId });

      await expect(summary).rejects.toMatchObject({ code: FAILED_PRECONDITION, reason: 'SUMMARY_FAILED' });
    });

    it('tells what the agent means to do', async () => {
      await conversation.run([todoWrite], [{ t: 'text', n: 1 }]);

      const { todos } = await door.call(sessions.listTodos, { sessionId });

      expect(todos).toMatchObject([{ content: 'think', status: 'in_progress', priority: 'high' }]);
    });

    it("lists the sessions of sub-agents, and their parent's state", async () => {
      const task: Operation = {
        t: 'tool',
        name: 'task',
        args: { description: 'd', prompt: 'SCRIPT:[[{"t":"text","value":"sub"}]]', subagent_type: 'general' },
      };
      await conversation.run([task], [{ t: 'text', n: 1 }]);

      const { sessions: children } = await door.call(sessions.listChildSessions, { sessionId });

      expect(children).toMatchObject([{ parentId: sessionId }]);
    });

    it('tells what a session does', async () => {
      const state = async (): Promise<SessionState> => (await door.call(sessions.getSessionStatus, { sessionId })).state;
      const busyIds = async (): Promise<string[]> =>
        (await door.call(sessions.listSessionStatuses, {})).statuses.map((status) => status.sessionId);
      const before = await state();
      await door.call(messages.sendMessage, { sessionId, parts: [textPart(`SCRIPT:${JSON.stringify([[hang]])}`)] });
      const during = await state();
      const listed = await busyIds();
      await conversation.abort();

      expect([before, during]).toEqual([SessionState.IDLE, SessionState.BUSY]);
      expect(listed).toContain(sessionId);
      expect(await state()).toBe(SessionState.IDLE);
      expect(await busyIds()).not.toContain(sessionId);
    });

    it('tells that a session waits for an answer', async () => {
      const fetch: Operation = { t: 'tool', name: 'webfetch', args: { url: 'http://127.0.0.1:9/', format: 'text' } };
      const question: Operation = {
        t: 'tool',
        name: 'question',
        args: { questions: [{ question: 'Q?', header: 'Q', options: [{ label: 'A', description: 'a' }] }] },
      };
      const states: SessionState[] = [];

      const events = await collect(conversation.stream([fetch], [question], [{ t: 'text', n: 1 }]), async ({ event }) => {
        if (event.case !== 'permissionCreated' && event.case !== 'questionAsked') return;
        states.push((await door.call(sessions.getSessionStatus, { sessionId })).state);
        if (event.case === 'permissionCreated') await conversation.answerPermission('once');
        else
          await door.call(QuestionService.method.replyQuestion, {
            sessionId,
            questionId: event.value.question?.id ?? '',
            answers: [{ labels: ['A'] }],
          });
      });

      expect(states).toEqual([SessionState.WAITING_PERMISSION, SessionState.WAITING_QUESTION]);
      expect(bodiesOf(events, 'turnUpdated').at(-1)?.state).toBe(TurnState.COMPLETED);
    });

    describe('while the session is busy', () => {
      it.each([
        ['delete a message', (id: string) => door.call(messages.deleteMessage, { sessionId, messageId: id })],
        ['revert', (id: string) => door.call(sessions.revertSession, { sessionId, messageId: id })],
        ['unrevert', () => door.call(sessions.unrevertSession, { sessionId })],
      ])('refuses to %s', async (_, change) => {
        await conversation.run([{ t: 'text', n: 1 }]);
        const [prompt = ''] = await promptIds();
        await door.call(messages.sendMessage, { sessionId, parts: [textPart(`SCRIPT:${JSON.stringify([[hang]])}`)] });

        await expect(change(prompt)).rejects.toMatchObject({ code: FAILED_PRECONDITION, reason: 'SESSION_BUSY' });

        await conversation.abort();
      });
    });

    describe('of a message or session that is not there', () => {
      it.each([
        ['forks', () => door.call(sessions.forkSession, { sessionId, messageId: UNKNOWN_MESSAGE })],
        ['reverts', () => door.call(sessions.revertSession, { sessionId, messageId: UNKNOWN_MESSAGE })],
        ['tells no diff', () => door.call(sessions.getSessionDiff, { sessionId, messageId: UNKNOWN_MESSAGE })],
        ['deletes', () => door.call(messages.deleteMessage, { sessionId, messageId: UNKNOWN_MESSAGE })],
        ['has no children', () => door.call(sessions.listChildSessions, { sessionId: UNKNOWN_SESSION })],
        ['has no todos', () => door.call(sessions.listTodos, { sessionId: UNKNOWN_SESSION })],
        ['has no status', () => door.call(sessions.getSessionStatus, { sessionId: UNKNOWN_SESSION })],
        ['is not summed up', () => door.call(sessions.summarizeSession, { sessionId: UNKNOWN_SESSION })],
      ])('%s nothing', async (_, call) => {
        await expect(call()).rejects.toMatchObject({ code: NOT_FOUND });
      });
    });

    it.each([
      ['an unknown model of a summary', () => door.call(sessions.summarizeSession, { sessionId, model: 'scripted/nope' }), 'model'],
      ['a summary by half a model', () => door.call(sessions.summarizeSession, { sessionId, model: 'nope' }), 'model'],
      ['a diff of something', () => door.call(sessions.getSessionDiff, { sessionId, messageId: 'x' }), 'message_id'],
      ['an unknown variant', () => door.call(messages.runMessage, { sessionId, parts: [textPart('hi')], variant: 'huge' }), 'variant'],
      ['an unknown model of a session', () => door.call(sessions.updateSession, { sessionId, model: 'scripted/nope' }), 'model'],
    ])('refuses %s and leaves the session usable', async (_, call, field) => {
      await expect(call()).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: [field] });
      expect((await conversation.run([{ t: 'text', value: 'fine' }])).textParts).toEqual(['fine']);
    });

    it('answers with the chosen variant', async () => {
      const answer = await door.call(messages.runMessage, { sessionId, parts: [textPart('hi')], variant: 'high' });

      expect(answer.turnState).toBe(TurnState.COMPLETED);
    });
  });
});
