import { TurnState, type GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { SessionState } from '../../src/common/grpc/generated/session_pb.js';
import { QuestionService } from '../../src/common/grpc/generated/question_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import {
  bodiesOf,
  collect,
  Conversation,
  finalStates,
  historyParts,
  readUntil,
  streamedParts,
  turnStates,
} from '../support/conversation.js';
import type { Door } from '../support/door.js';
import type { Operation } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const bash = (command: string): Operation => ({ t: 'tool', name: 'bash', args: { command, description: 'test' } });
const question: Operation = {
  t: 'tool',
  name: 'question',
  args: {
    questions: [
      {
        question: 'Which?',
        header: 'Which',
        options: [
          { label: 'A', description: 'a' },
          { label: 'B', description: 'b' },
        ],
        multiple: false,
      },
    ],
  },
};

function isAsk({ event }: GlobalEvent): boolean {
  return event.case === 'permissionCreated';
}

describe('turns', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { bash: 'ask' } });
  });

  afterAll(() => test.stop());

  describe.each(['gRPC', 'REST'])('over %s', (name) => {
    let door: Door;
    let conversation: Conversation;

    beforeEach(async () => {
      door = name === 'gRPC' ? test.grpc : test.rest;
      conversation = await Conversation.begin(door);
    });

    it('streams growing text, ends once, and keeps in the history what it streamed', async () => {
      const events = await collect(conversation.stream([{ t: 'text', n: 20, ms: 20 }]));

      const texts = bodiesOf(events, 'messagePartUpdated').flatMap(({ part }) => (part.case === 'text' ? [part.value.text] : []));
      const answers = texts.filter((text) => !text.startsWith('SCRIPT'));
      expect(answers.length).toBeGreaterThan(3);
      expect(answers.every((text, index) => text.startsWith(answers[index - 1] ?? ''))).toBe(true);
      expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
      expect(events.at(-1)?.event.case).toBe('turnUpdated');
      expect(streamedParts(events)).toEqual(historyParts(await conversation.history()));
    });

    it('keeps reasoning and text apart', async () => {
      const events = await collect(
        conversation.stream([
          { t: 'reasoning', n: 5, ms: 5 },
          { t: 'text', n: 5, ms: 5 },
        ]),
      );

      const [, answer] = await conversation.history();
      expect(answer?.reasoningParts).toHaveLength(1);
      expect(answer?.textParts).toHaveLength(1);
      expect(streamedParts(events)).toEqual(historyParts(await conversation.history()));
    });

    it('waits for a permission, goes on when it is given once, and completes the tool', async () => {
      const stream = conversation.stream([bash('echo hello')], [{ t: 'text', value: 'it said hello' }]);
      const events = await collect(stream, (event) => (isAsk(event) ? conversation.answerPermission('once') : undefined));

      const tools = bodiesOf(events, 'messagePartUpdated').flatMap(({ part }) => (part.case === 'tool' ? [part.value.state?.status] : []));
      expect(turnStates(events)).toEqual([
        TurnState.ADMITTED,
        TurnState.RUNNING,
        TurnState.WAITING,
        TurnState.RUNNING,
        TurnState.COMPLETED,
      ]);
      expect(tools.at(0)).toBe('pending');
      expect(tools.at(-1)).toBe('success');
      expect(bodiesOf(events, 'permissionReplied').map(({ reply }) => reply)).toEqual(['once']);
      expect(streamedParts(events)).toEqual(historyParts(await conversation.history()));
    });

    it('asks no more for what was allowed always', async () => {
      const command = `printf ${name}-always`;
      const first = conversation.stream([bash(command)], [{ t: 'text', value: 'first' }]);
      await collect(first, (event) => (isAsk(event) ? conversation.answerPermission('always') : undefined));

      const second = await collect(conversation.stream([bash(command)], [{ t: 'text', value: 'second' }]));

      expect(second.filter(isAsk)).toHaveLength(0);
      expect(finalStates(second)).toEqual([TurnState.COMPLETED]);
    });

    it('ends as rejected when a permission is rejected', async () => {
      const stream = conversation.stream([bash('date')], [{ t: 'text', value: 'never' }]);
      const events = await collect(stream, (event) => (isAsk(event) ? conversation.answerPermission('reject') : undefined));

      expect(finalStates(events)).toEqual([TurnState.REJECTED]);
    });

    it('goes on when a permission is rejected with a message', async () => {
      const stream = conversation.stream([bash('date')], [{ t: 'text', value: 'all right' }]);
      const events = await collect(stream, (event) => (isAsk(event) ? conversation.answerPermission('reject', 'not now') : undefined));

      expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
      expect((await conversation.history()).at(-1)?.textParts).toEqual(['all right']);
    });

    it('puts a question to the caller and goes on with the answer', async () => {
      const { sessionId } = conversation;
      const events = await collect(conversation.stream([question], [{ t: 'text', value: 'A it is' }]), async ({ event }) => {
        if (event.case !== 'questionAsked') return;
        const questionId = event.value.question?.id ?? '';
        await door.call(QuestionService.method.replyQuestion, { sessionId, questionId, answers: [{ labels: ['A'] }] });
      });

      expect(turnStates(events)).toContain(TurnState.WAITING);
      expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
      expect(bodiesOf(events, 'questionClosed')).toMatchObject([{ rejected: false }]);
    });

    it("says of a question that words of the caller's own answer it too, and takes them", async () => {
      const { sessionId } = conversation;
      const events = await collect(conversation.stream([question], [{ t: 'text', value: 'as you say' }]), async ({ event }) => {
        if (event.case !== 'questionAsked') return;
        expect(event.value.question?.items).toMatchObject([{ custom: true }]);
        const questionId = event.value.question?.id ?? '';
        await door.call(QuestionService.method.replyQuestion, { sessionId, questionId, answers: [{ labels: ['neither, but B'] }] });
      });

      expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
      expect(
        JSON.stringify(await conversation.history(), (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
      ).toContain('neither, but B');
    });

    it('ends as rejected when a question is dismissed', async () => {
      const { sessionId } = conversation;
      const events = await collect(conversation.stream([question], [{ t: 'text', value: 'never' }]), async ({ event }) => {
        if (event.case !== 'questionAsked') return;
        await door.call(QuestionService.method.rejectQuestion, { sessionId, questionId: event.value.question?.id ?? '' });
      });

      expect(finalStates(events)).toEqual([TurnState.REJECTED]);
    });

    it("tells the root session's followers what a sub-agent asks, and takes their answer", async () => {
      const task: Operation = {
        t: 'tool',
        name: 'task',
        args: {
          description: 'sub',
          subagent_type: 'general',
          prompt: `SCRIPT:${JSON.stringify([[bash('uname')], [{ t: 'text', value: 'sub done' }]])}`,
        },
      };
      const events = await collect(conversation.stream([task], [{ t: 'text', value: 'all done' }]), (event) =>
        isAsk(event) ? conversation.answerPermission('once') : undefined,
      );

      const [ask] = events.filter(isAsk);
      expect(ask?.sessionId).not.toBe(conversation.sessionId);
      expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
    });

    it('aborts in the middle of an answer, keeps what was written, and takes the next prompt', async () => {
      const events = await collect(conversation.stream([{ t: 'endless', ms: 5 }]), async ({ event, sequence }) => {
        const isGrowth = event.case === 'messagePartUpdated' && event.value.part.case === 'text' && sequence === undefined;
        if (isGrowth) await conversation.abort();
      });

      expect(finalStates(events)).toEqual([TurnState.ABORTED]);
      expect(streamedParts(events)).toEqual(historyParts(await conversation.history()));
      expect((await conversation.run([{ t: 'text', value: 'again' }])).textParts).toEqual(['again']);
    });

    it('clears what was asked when the session is aborted', async () => {
      const events = await collect(conversation.stream([bash('id')]), (event) => (isAsk(event) ? conversation.abort() : undefined));

      expect(finalStates(events)).toEqual([TurnState.ABORTED]);
      await conversation.answerPermission('once');
      expect((await conversation.run([{ t: 'text', value: 'next' }])).textParts).toEqual(['next']);
    });

    it.each([400, 401, 403])('ends as failed when the provider answers %i', async (status) => {
      const events = await collect(conversation.stream([{ t: 'http', status, body: { error: { message: 'no' } } }]));

      expect(finalStates(events)).toEqual([TurnState.FAILED]);
      expect(bodiesOf(events, 'turnUpdated').at(-1)).toMatchObject({ errorName: 'APIError' });
    });

    it('outlives a provider that is busy at first', async () => {
      const busy: Operation = { t: 'http', status: 429, times: 2, headers: { 'retry-after-ms': '50' } };
      const events = await collect(conversation.stream([busy, { t: 'text', value: 'at last' }]));

      expect(bodiesOf(events, 'sessionStatus').some(({ state }) => state === SessionState.RETRY)).toBe(true);
      expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
      expect((await conversation.history()).at(-1)?.textParts).toEqual(['at last']);
    });

    it('ends as failed when the provider fails for ever', async () => {
      const events = await collect(conversation.stream([{ t: 'http', status: 500, headers: { 'retry-after-ms': '20' } }]));

      expect(finalStates(events)).toEqual([TurnState.FAILED]);
    });

    it('forgets the text of an attempt that broke, and streams the next one', async () => {
      const events = await collect(
        conversation.stream([
          { t: 'text', n: 5, ms: 10 },
          { t: 'fail', times: 1 },
          { t: 'text', value: 'whole now' },
        ]),
      );

      expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
      expect(streamedParts(events)).toEqual(historyParts(await conversation.history()));
    });

    it('completes an empty answer', async () => {
      const events = await collect(conversation.stream([]));

      expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
    });

    it('carries a huge answer whole', async () => {
      const events = await collect(conversation.stream([{ t: 'text', bytes: 1_000_000, chunk: 5_000 }]));

      expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
      expect((await conversation.history()).at(-1)?.textParts.join('')).toHaveLength(1_000_000);
      expect(streamedParts(events)).toEqual(historyParts(await conversation.history()));
    });

    it('answers two prompts that are sent at once, one after the other', async () => {
      const [first, second] = await Promise.all([
        conversation.run([{ t: 'text', value: 'one', ms: 50 }]),
        conversation.run([{ t: 'text', value: 'two', ms: 50 }]),
      ]);

      expect([first.textParts, second.textParts].flat().sort()).toEqual(['one', 'two']);
      expect((await conversation.history()).map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
    });

    it('ends the turn of a session that is deleted while it works, and calls the model no more', async () => {
      const stream = conversation.stream([{ t: 'endless', ms: 5 }]);
      const events = collect(stream);
      await readUntil(conversation.watch(), ({ event }) => event.case === 'messagePartUpdated' && event.value.part.case === 'text');

      await door.call(SessionService.method.deleteSession, { sessionId: conversation.sessionId });

      expect(finalStates(await events)).toEqual([TurnState.ABORTED]);
      expect(test.model.openStreams).toBe(0);
      await expect(door.call(SessionService.method.getSession, { sessionId: conversation.sessionId })).rejects.toMatchObject({ code: 5 });
    });
  });
});
