import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { Conversation, textPart } from '../support/conversation.js';
import { OpencodeServer } from '../support/opencode-server.js';
import type { RemoteGateway } from '../support/remote-gateway.js';
import { script } from '../support/scripted-model.js';

/** OpenCode reads a directory's providers in the first moments of its first prompt, and breaks when that is aborted. */
describe('a directory whose first prompt is aborted', () => {
  let server: OpencodeServer;
  let gateway: RemoteGateway;

  beforeAll(async () => {
    server = await OpencodeServer.start();
    gateway = await server.gateway();
  });

  afterAll(async () => {
    await gateway.stop();
    await server.stop();
  });

  /** A session in a directory that OpenCode has not opened. */
  async function beginIn(name: string): Promise<Conversation> {
    await mkdir(join(server.environment.workspace, name));
    const { id } = await gateway.grpc.call(SessionService.method.createSession, { directory: name });
    return Conversation.at(gateway.grpc, id);
  }

  async function isBroken(name: string): Promise<boolean> {
    const directory = encodeURIComponent(join(server.environment.workspace, name));
    const { status } = await fetch(`${server.url}/config/providers?directory=${directory}`);
    return status === 503;
  }

  /** A directory that OpenCode has broken; not every abort comes at the wrong moment. */
  async function beginInBroken(): Promise<Conversation> {
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      const name = `broken-${attempt}`;
      const conversation = await beginIn(name);
      await server.post(`/session/${conversation.sessionId}/prompt_async`, { parts: [{ type: 'text', text: 'first' }] });
      await pause(20 * attempt);
      await server.post(`/session/${conversation.sessionId}/abort`, {});
      await pause(200);
      if (await isBroken(name)) return conversation;
    }
    throw new Error('OpenCode breaks no directory any more: it need not be mended');
  }

  it('by others is mended before the next prompt', async () => {
    const conversation = await beginInBroken();

    const { textParts } = await conversation.run([{ t: 'text', value: 'mended' }]);

    expect(textParts).toEqual(['mended']);
  });

  it.each([0, 10, 60, 120])('here is not broken by that (%d ms after it was taken)', async (ms) => {
    const conversation = await beginIn(`aborted-${ms}`);
    const { sessionId } = conversation;
    await gateway.grpc.call(MessageService.method.sendMessage, { sessionId, parts: [textPart(script([{ t: 'endless', ms: 5 }]))] });
    await pause(ms);

    await gateway.grpc.call(MessageService.method.abortSession, { sessionId });

    expect(await isBroken(`aborted-${ms}`)).toBe(false);
    expect((await conversation.run([{ t: 'text', value: 'goes on' }])).textParts).toEqual(['goes on']);
  });
});
