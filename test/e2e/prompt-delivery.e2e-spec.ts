import { TurnState } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { bodiesOf, collect, Conversation, textPart } from '../support/conversation.js';
import { eventually } from '../support/eventually.js';
import { OpencodeProxy } from '../support/opencode-proxy.js';
import { OpencodeServer } from '../support/opencode-server.js';
import type { RemoteGateway } from '../support/remote-gateway.js';
import { script } from '../support/scripted-model.js';

const { abortSession, runMessage, sendMessage } = MessageService.method;

describe('a prompt on its way to OpenCode', () => {
  let server: OpencodeServer;
  let proxy: OpencodeProxy;
  let gateway: RemoteGateway;
  let conversation: Conversation;

  beforeAll(async () => {
    server = await OpencodeServer.start();
    proxy = await OpencodeProxy.start(server.url);
    gateway = await server.gateway({ OPENCODE_BASE_URL: proxy.url });
  });

  afterAll(async () => {
    await gateway.stop();
    await proxy.stop();
    await server.stop();
  });

  beforeEach(async () => {
    conversation = await Conversation.begin(gateway.grpc);
    proxy.prompts = 0;
  });

  it.each(['lost', 'unanswered', 'failed', 'stored'] as const)('is neither lost nor doubled when it is %s', async (fault) => {
    proxy.faults.push(fault);

    const answer = await conversation.run([{ t: 'text', value: 'here' }]);

    expect(answer.textParts).toEqual(['here']);
    const [prompt, ...rest] = await conversation.history();
    expect(prompt?.textParts).toEqual([script([{ t: 'text', value: 'here' }])]);
    expect(rest).toHaveLength(1);
    expect(proxy.prompts).toBe(fault === 'unanswered' || fault === 'failed' ? 1 : 2);
  });

  it.each(['lost', 'late'] as const)('does not run when it is aborted while it is %s', async (fault) => {
    proxy.faults.push(fault);
    const events = collect(conversation.stream([{ t: 'endless', ms: 5 }]));
    await eventually(() => proxy.prompts === 1);

    await gateway.grpc.call(abortSession, { sessionId: conversation.sessionId });
    const answer = await conversation.run([{ t: 'text', value: 'next' }]);

    expect(bodiesOf(await events, 'turnUpdated').at(-1)).toMatchObject({ state: TurnState.ABORTED });
    expect(answer.textParts).toEqual(['next']);
  });

  it('is handed over twice and no more when OpenCode stores it and does not run it', async () => {
    proxy.faults.push('stored', 'stored', 'stored');

    const events = await collect(conversation.stream([{ t: 'text', value: 'never' }]));

    expect(bodiesOf(events, 'turnUpdated').at(-1)).toMatchObject({ state: TurnState.INTERRUPTED, errorName: 'TurnNotStarted' });
    expect(proxy.prompts).toBe(2);
    proxy.faults.length = 0;
  });

  it('is handed over by who repeats it when the gateway that stored it went away', async () => {
    const { sessionId } = conversation;
    const request = { sessionId, requestId: 'stored', parts: [textPart(script([{ t: 'text', value: 'at last' }]))] };
    const before = await server.gateway({ OPENCODE_BASE_URL: proxy.url });
    proxy.faults.push('stored');
    await before.grpc.call(sendMessage, request);
    await before.stop();

    const answer = await gateway.grpc.call(runMessage, request);

    expect(answer.textParts).toEqual(['at last']);
    expect(await conversation.history()).toHaveLength(2);
  });
});
