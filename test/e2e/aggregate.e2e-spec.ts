import { AgentService } from '../../src/common/grpc/generated/agent_pb.js';
import { EventService, TurnState } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService, SessionState } from '../../src/common/grpc/generated/session_pb.js';
import { PermissionService } from '../../src/common/grpc/generated/tool_pb.js';
import { finalStates, readUntil, textPart } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { script } from '../support/scripted-model.js';
import { doorOf, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const NOT_FOUND = 5;

/** Only what seed 001 has: its clients know of nothing else. */
describe("seed 001's client", () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { bash: 'ask' } });
  });

  afterAll(() => test.stop());

  describe.each(['grpc', 'aggregate'] as const)('over %s', (name) => {
    const sessions = SessionService.method;
    const messages = MessageService.method;
    let door: Door;
    let sessionId: string;

    beforeEach(async () => {
      door = doorOf(test, name);
      sessionId = (await door.call(sessions.createSession, { title: 'seed' })).id;
    });

    it('works with a session from its beginning to its end', async () => {
      const { agents } = await door.call(AgentService.method.listAgents, {});
      const events = door.stream(EventService.method.subscribeGlobalEvents, {});
      const seen = readUntil(events, ({ event, sessionId: of }) => {
        if (of !== sessionId) return false;
        if (event.case === 'permissionCreated') {
          const permissionId = event.value.permission?.id ?? '';
          void door.call(PermissionService.method.respondToPermission, { sessionId, permissionId, response: 'approve' });
        }
        return event.case === 'turnUpdated' && event.value.state === TurnState.COMPLETED;
      });
      const bash = { t: 'tool', name: 'bash', args: { command: 'echo hello', description: 'test' } } as const;
      const prompt = script([bash], [{ t: 'text', value: 'It said hello.' }]);
      await door.call(messages.sendMessage, { sessionId, parts: [textPart(prompt)], agent: agents[0]?.name });
      const ended = await seen;
      events.cancel();

      const history = (await door.call(messages.getMessages, { sessionId })).messages;
      const { sessions: listed } = await door.call(sessions.listSessions, {});
      await door.call(sessions.deleteSession, { sessionId });

      expect(finalStates(ended.filter((event) => event.sessionId === sessionId))).toEqual([TurnState.COMPLETED]);
      expect(history.flatMap(({ textParts }) => textParts)).toEqual([prompt, 'It said hello.']);
      expect(history.flatMap(({ toolCalls }) => toolCalls)).toMatchObject([{ name: 'bash', status: 'success' }]);
      expect(listed.map(({ id }) => id)).toContain(sessionId);
      await expect(door.call(messages.getMessages, { sessionId })).rejects.toMatchObject({ code: NOT_FOUND });
    });

    it('aborts what runs', async () => {
      await door.call(messages.sendMessage, { sessionId, parts: [textPart(script([{ t: 'hang' }]))] });

      await door.call(messages.abortSession, { sessionId });

      expect((await door.call(sessions.getSessionStatus, { sessionId })).state).toBe(SessionState.IDLE);
      await expect(door.call(messages.sendMessage, { sessionId, parts: [] })).rejects.toMatchObject({ fields: ['parts'] });
    });
  });
});
