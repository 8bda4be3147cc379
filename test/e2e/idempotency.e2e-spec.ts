import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TurnState, type GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService, type DisplayMessage } from '../../src/common/grpc/generated/message_pb.js';
import { bodiesOf, collect, Conversation, finalStates, isFinal, readUntil, textPart } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { OpencodeServer } from '../support/opencode-server.js';
import type { RemoteGateway } from '../support/remote-gateway.js';
import { script, type Operation } from '../support/scripted-model.js';

const { runMessage, sendMessage, streamMessage, runCommand, runShell } = MessageService.method;
const INVALID_ARGUMENT = 3;

function isGrowing({ event }: GlobalEvent): boolean {
  return event.case === 'messagePartUpdated' && event.value.part.case === 'text' && event.value.part.value.text.startsWith('w0');
}

describe('a request with a key', () => {
  let server: OpencodeServer;
  let one: RemoteGateway;
  let other: RemoteGateway;
  let keys = 0;

  beforeAll(async () => {
    server = await OpencodeServer.start({
      config: { command: { greet: { description: 'greets', template: 'SCRIPT:[[{"t":"text","value":"Hi $ARGUMENTS"}]]' } } },
    });
    one = await server.gateway({ ENABLE_SESSION_SHELL: 'true' });
    other = await server.gateway({ ENABLE_SESSION_SHELL: 'true' });
  });

  afterAll(async () => {
    await Promise.all([one.stop(), other.stop()]);
    await server.stop();
  });

  async function begin(...calls: readonly (readonly Operation[])[]) {
    const conversation = await Conversation.begin(one.grpc);
    keys += 1;
    const { sessionId } = conversation;
    return { conversation, request: { sessionId, requestId: `key ${keys}`, parts: [textPart(script(...calls))] } };
  }

  async function roles(conversation: Conversation): Promise<string[]> {
    return (await conversation.history()).map(({ role }) => role);
  }

  /** The same question, and the same answer. */
  function pair({ messageId, parentId, textParts, turnState }: DisplayMessage) {
    return { messageId, parentId, textParts, turnState };
  }

  describe('that was answered', () => {
    it.each(['grpc', 'rest'] as const)('is answered alike at another gateway, over %s', async (name) => {
      const { conversation, request } = await begin([{ t: 'text', value: 'once' }]);
      const first = await one[name].call(runMessage, request);

      const second = await other[name].call(runMessage, request);

      expect(pair(second)).toEqual(pair(first));
      expect(await roles(conversation)).toEqual(['user', 'assistant']);
    });

    it('is answered alike after a restart', async () => {
      const { conversation, request } = await begin([{ t: 'text', value: 'once' }]);
      const before = await server.gateway();
      const first = await before.rest.call(runMessage, request);
      await before.stop();
      const after = await server.gateway();

      const second = await after.rest.call(runMessage, request);

      expect(pair(second)).toEqual(pair(first));
      expect(await roles(conversation)).toEqual(['user', 'assistant']);
      await after.stop();
    });

    it('is answered alike when much has been said since', async () => {
      const { conversation, request } = await begin([{ t: 'text', value: 'long ago' }]);
      const first = await one.grpc.call(runMessage, request);
      for (let turn = 0; turn < 12; turn += 1) await conversation.run([{ t: 'text', value: `turn ${turn}` }]);

      const again = await other.grpc.call(runMessage, request);

      expect(pair(again)).toEqual(pair(first));
    });

    it('ends the stream of who asks again with its outcome alone', async () => {
      const { request } = await begin([{ t: 'text', value: 'once' }]);
      // The turn runs for the other until it has heard of its end; that a session is idle may mean that it has not heard of its beginning.
      const heard = readUntil(Conversation.at(other.rest, request.sessionId).watch({ afterSequence: 0n }), isFinal);
      const { messageId } = await one.grpc.call(runMessage, request);
      await heard;

      const events = await collect(other.rest.stream(streamMessage, request));

      expect(bodiesOf(events, 'turnUpdated')).toMatchObject([{ state: TurnState.COMPLETED, messageId, requestId: request.requestId }]);
      expect(events).toHaveLength(1);
    });

    it('is not sent again', async () => {
      const { conversation, request } = await begin([{ t: 'text', value: 'once' }]);
      await one.grpc.call(runMessage, request);

      await other.rest.call(sendMessage, request);
      await conversation.run([{ t: 'text', value: 'next' }]);

      expect(await roles(conversation)).toEqual(['user', 'assistant', 'user', 'assistant']);
    });

    it('tells its failure again and is not run again', async () => {
      const { request } = await begin([
        { t: 'http', status: 400, times: 1, body: { error: { message: 'no' } } },
        { t: 'text', n: 1 },
      ]);
      const first = await one.grpc.call(runMessage, request);

      const second = await other.grpc.call(runMessage, request);

      expect([first.turnState, first.errorName]).toEqual([TurnState.FAILED, 'APIError']);
      expect(pair(second)).toEqual(pair(first));
    });

    it('tells its abort again and is not run again', async () => {
      const { conversation, request } = await begin([{ t: 'endless', ms: 5 }]);
      const stream = one.grpc.stream(streamMessage, request);
      const events = await collect(stream, (event) => (isGrowing(event) ? conversation.abort() : undefined));

      const again = await other.grpc.call(runMessage, request);

      expect(finalStates(events)).toEqual([TurnState.ABORTED]);
      expect([again.turnState, again.errorName]).toEqual([TurnState.ABORTED, 'MessageAbortedError']);
    });

    it('is refused with another body, there and here', async () => {
      const { request } = await begin([{ t: 'text', value: 'once' }]);
      await one.grpc.call(runMessage, request);
      const changed = { ...request, parts: [textPart('something else')] };

      for (const door of [one.grpc, one.rest, other.grpc, other.rest])
        await expect(door.call(runMessage, changed)).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: ['request_id'] });
      await expect(other.grpc.call(runCommand, { ...request, command: 'greet' })).rejects.toMatchObject({ fields: ['request_id'] });
    });

    it('may be used in another session', async () => {
      const { request } = await begin([{ t: 'text', value: 'here' }]);
      const { sessionId } = await Conversation.begin(one.grpc);
      const first = await one.grpc.call(runMessage, request);

      const elsewhere = await one.grpc.call(runMessage, { ...request, sessionId });

      expect(elsewhere).toMatchObject({ textParts: ['here'], sessionId });
      expect(elsewhere.messageId).not.toBe(first.messageId);
    });
  });

  describe('that is under way', () => {
    it.each(['run', 'stream', 'send'] as const)('is joined at another gateway by who asks again to %s', async (way) => {
      const { conversation, request } = await begin([{ t: 'text', n: 30, ms: 60 }]);
      const first = one.grpc.call(runMessage, request);
      await readUntil(Conversation.at(other.grpc, conversation.sessionId).watch(), isGrowing);

      if (way === 'run') expect(pair(await other.rest.call(runMessage, request))).toEqual(pair(await first));
      if (way === 'stream') expect(finalStates(await collect(other.rest.stream(streamMessage, request)))).toEqual([TurnState.COMPLETED]);
      if (way === 'send') await other.rest.call(sendMessage, request);

      expect((await first).textParts[0]).toContain('w29');
      expect(await roles(conversation)).toEqual(['user', 'assistant']);
    });

    it('is answered when it is repeated after the connection was cut', async () => {
      const { conversation, request } = await begin([{ t: 'text', n: 20, ms: 40 }]);
      const cut = one.rest.stream(streamMessage, request);
      await readUntil(cut, isGrowing);
      cut.cancel();

      const here = await one.rest.call(runMessage, request);
      const there = await other.rest.call(runMessage, request);

      expect(here.textParts[0]).toContain('w19');
      expect(pair(there)).toEqual(pair(here));
      expect(await roles(conversation)).toEqual(['user', 'assistant']);
    });

    it('waits once when it is queued behind another turn at two gateways', async () => {
      const { conversation, request } = await begin([{ t: 'text', value: 'second' }]);
      const long = conversation.run([{ t: 'text', n: 20, ms: 60 }]);
      await readUntil(Conversation.at(other.grpc, conversation.sessionId).watch(), isGrowing);

      const [here, there] = await Promise.all([one.grpc.call(runMessage, request), other.grpc.call(runMessage, request)]);

      expect((await long).textParts[0]).toContain('w19');
      expect(pair(there)).toEqual(pair(here));
      expect(here.textParts).toEqual(['second']);
      expect(await roles(conversation)).toEqual(['user', 'assistant', 'user', 'assistant']);
    });
  });

  it.each([1, 2, 3])('is run once when it comes to two gateways at the same time, try %i', async () => {
    const { conversation, request } = await begin([{ t: 'text', value: 'one run' }]);
    const doors: Door[] = [one.grpc, other.grpc, one.rest, other.rest];

    const answers = await Promise.all(doors.map((door) => door.call(runMessage, request)));

    const [first] = answers.map(pair);
    expect(answers.map(pair)).toEqual([first, first, first, first]);
    expect(first?.textParts).toEqual(['one run']);
    const [prompt, ...rest] = await conversation.history();
    expect(prompt?.textParts).toEqual([script([{ t: 'text', value: 'one run' }])]);
    expect(rest).toHaveLength(1);
  });

  it('runs a shell line once when it comes to two gateways at the same time', async () => {
    const { sessionId } = await Conversation.begin(one.grpc);
    const request = { sessionId, command: `echo once >> ${sessionId}.txt`, requestId: 'shell race' };

    const answers = await Promise.all([one.grpc.call(runShell, request), other.grpc.call(runShell, request)]);

    expect(answers.map(pair)).toEqual([pair(await one.rest.call(runShell, request)), pair(await other.rest.call(runShell, request))]);
    expect(await readFile(join(server.environment.workspace, `${sessionId}.txt`), 'utf8')).toBe('once\n');
  });

  it('runs a command once when it comes to two gateways at the same time', async () => {
    const conversation = await Conversation.begin(one.grpc);
    const request = { sessionId: conversation.sessionId, command: 'greet', arguments: 'Ann', requestId: 'command race' };

    const [here, there] = await Promise.all([one.grpc.call(runCommand, request), other.grpc.call(runCommand, request)]);

    expect(pair(there)).toEqual(pair(here));
    expect(await roles(conversation)).toEqual(['user', 'assistant']);
  });

  it('runs a command once', async () => {
    const { sessionId } = await Conversation.begin(one.grpc);
    const request = { sessionId, command: 'greet', arguments: 'Ann', requestId: 'command' };
    const first = await one.grpc.call(runCommand, request);

    const second = await other.rest.call(runCommand, request);

    expect(first.textParts).toEqual(['Hi Ann']);
    expect(pair(second)).toEqual(pair(first));
    await expect(other.grpc.call(runCommand, { ...request, arguments: 'Bob' })).rejects.toMatchObject({ fields: ['request_id'] });
  });

  it('runs a shell line once, and joins it while it runs', async () => {
    const { sessionId } = await Conversation.begin(one.grpc);
    const request = { sessionId, command: `echo once >> ${sessionId}.txt; sleep 1`, requestId: 'shell' };
    const running = one.grpc.call(runShell, request);
    const watched = Conversation.at(other.grpc, sessionId).watch();
    await readUntil(watched, ({ event }) => event.case === 'messagePartUpdated' && event.value.part.case === 'tool');

    const joined = await other.grpc.call(runShell, request);
    const after = await server.gateway({ ENABLE_SESSION_SHELL: 'true' });
    const repeated = await after.rest.call(runShell, request);

    expect((await running).turnState).toBe(TurnState.COMPLETED);
    expect([pair(joined), pair(repeated)]).toEqual([pair(await running), pair(await running)]);
    expect(await readFile(join(server.environment.workspace, `${sessionId}.txt`), 'utf8')).toBe('once\n');
    await after.stop();
  });
});
