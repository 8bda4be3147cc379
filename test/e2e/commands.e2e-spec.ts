import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TurnState } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { Conversation, readUntil, turnStates } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { doorOf, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;

describe('commands and the shell', () => {
  let test: TestGateway;

  beforeAll(async () => {
    const command = { greet: { description: 'greets', template: 'SCRIPT:[[{"t":"text","value":"Hi $ARGUMENTS"}]]' } };
    test = await startTestGateway({ settings: { ENABLE_SESSION_SHELL: 'true' }, config: { command } });
  });

  afterAll(() => test.stop());

  describe.each(['grpc', 'rest'] as const)('over %s', (name) => {
    const messages = MessageService.method;
    let door: Door;
    let conversation: Conversation;
    let sessionId: string;

    beforeEach(async () => {
      door = doorOf(test, name);
      conversation = await Conversation.begin(door);
      sessionId = conversation.sessionId;
    });

    it('runs a command as a turn, with events and an answer', async () => {
      const events = readUntil(
        conversation.watch(),
        ({ event }) => event.case === 'turnUpdated' && event.value.state === TurnState.COMPLETED,
      );

      const answer = await door.call(messages.runCommand, { sessionId, command: 'greet', arguments: 'Bob' });

      expect(answer).toMatchObject({ textParts: ['Hi Bob'], turnState: TurnState.COMPLETED });
      expect(turnStates(await events)).toEqual([TurnState.ADMITTED, TurnState.RUNNING, TurnState.COMPLETED]);
    });

    it('runs a command behind the turn that runs', async () => {
      const first = conversation.run([{ t: 'text', n: 5, ms: 50 }]);
      const watched = conversation.watch();
      await readUntil(watched, ({ event }) => event.case === 'turnUpdated');

      const answer = await door.call(messages.runCommand, { sessionId, command: 'greet', arguments: 'later' });

      expect(answer.textParts).toEqual(['Hi later']);
      expect(await first).toMatchObject({ turnState: TurnState.COMPLETED });
      watched.cancel();
    });

    it('joins a repeated command', async () => {
      const request = { sessionId, command: 'greet', arguments: 'once', requestId: `${name}-command` };

      const [one, other] = await Promise.all([door.call(messages.runCommand, request), door.call(messages.runCommand, request)]);

      expect(one?.messageId).toBe(other?.messageId);
      expect((await conversation.history()).filter(({ role }) => role === 'user')).toHaveLength(1);
    });

    it('runs a shell line in the session', async () => {
      await writeFile(join(test.opencode.workspace, `${sessionId}.txt`), 'seen');

      const answer = await door.call(messages.runShell, { sessionId, command: `cat ${sessionId}.txt` });

      expect(answer.turnState).toBe(TurnState.COMPLETED);
      expect(answer.toolCalls).toMatchObject([{ name: 'bash', status: 'success', output: expect.stringContaining('seen') as string }]);
      expect((await conversation.run([{ t: 'text', value: 'on' }])).textParts).toEqual(['on']);
    });

    it('aborts a shell line', async () => {
      const shell = door.call(messages.runShell, { sessionId, command: 'sleep 60' });
      await readUntil(conversation.watch(), ({ event }) => event.case === 'turnUpdated' && event.value.state === TurnState.RUNNING);

      await conversation.abort();

      expect((await shell).turnState).toBe(TurnState.ABORTED);
      expect((await conversation.run([{ t: 'text', value: 'on' }])).textParts).toEqual(['on']);
    });

    it.each([
      ['a command that is not there', () => door.call(messages.runCommand, { sessionId, command: 'nope' }), 'command'],
      ['an unknown agent', () => door.call(messages.runCommand, { sessionId, command: 'greet', agent: 'x' }), 'agent'],
      ['an unknown model', () => door.call(messages.runCommand, { sessionId, command: 'greet', model: 'a/b' }), 'model'],
      ['an empty shell line', () => door.call(messages.runShell, { sessionId, command: ' ' }), 'command'],
      ['an unknown agent of a shell line', () => door.call(messages.runShell, { sessionId, command: 'true', agent: 'x' }), 'agent'],
    ])('refuses %s and leaves the session usable', async (_, call, field) => {
      await expect(call()).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: [field] });
      expect((await conversation.run([{ t: 'text', value: 'fine' }])).textParts).toEqual(['fine']);
    });

    it('knows no session that is not there', async () => {
      const command = door.call(messages.runCommand, { sessionId: 'ses_000000000000001YAk0Kmibi7xHZ', command: 'greet' });

      await expect(command).rejects.toMatchObject({ code: NOT_FOUND });
    });
  });
});

describe('the shell, unless it is switched on', () => {
  it('is refused', async () => {
    const test = await startTestGateway();
    const { sessionId } = await Conversation.begin(test.grpc);

    const shell = test.grpc.call(MessageService.method.runShell, { sessionId, command: 'true' });

    await expect(shell).rejects.toMatchObject({ code: PERMISSION_DENIED, reason: 'SHELL_DISABLED' });
    await test.stop();
  });
});
