import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { EventHub } from '../../src/modules/event/event.hub.js';
import { collect, readUntil } from '../support/conversation.js';
import { DOORS } from '../support/test-gateway.js';
import { OpencodeProxy } from '../support/opencode-proxy.js';
import { OpencodeServer } from '../support/opencode-server.js';
import type { RemoteGateway } from '../support/remote-gateway.js';
import { script, type Operation } from '../support/scripted-model.js';

const rpc = OpenCodeService.method;

function prompt(...operations: readonly Operation[]) {
  return { parts: [{ content: { case: 'text' as const, value: { text: script(operations) } } }] };
}

describe("the container's own session, when events are missed for good", () => {
  let server: OpencodeServer;
  let proxy: OpencodeProxy;
  let gateway: RemoteGateway;

  beforeAll(async () => {
    server = await OpencodeServer.start();
    proxy = await OpencodeProxy.start(server.url);
    // OpenCode's history is too much to read, whatever it holds.
    gateway = await server.gateway({ OPENCODE_BASE_URL: proxy.url, RESUME_BYTES: '0' });
  });

  afterAll(async () => {
    await gateway.stop();
    await proxy.stop();
    await server.stop();
  });

  /** Longer than the way back takes. */
  const AWAY: Operation = { t: 'wait', ms: 1_000 };
  const HALVES = [{ t: 'text', value: 'before ' }, AWAY, { t: 'text', value: 'after' }] as const;

  async function loseTrack(): Promise<void> {
    const { tally } = gateway.gateway.app.get(EventHub);
    const { resyncs } = tally;
    proxy.cut();
    proxy.mend();
    while (tally.resyncs === resyncs) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  describe.each(DOORS.filter((door) => door !== 'aggregate'))('over %s', (name) => {
    beforeEach(async () => {
      await gateway[name].call(rpc.resetSession, { title: 'fresh' });
      await collect(gateway[name].stream(rpc.sendMessage, prompt({ t: 'text', value: 'earlier' })));
    });

    it('a turn is streamed on: what it lacks, and nothing of earlier turns', async () => {
      let text = '';

      const responses = await collect(gateway[name].stream(rpc.sendMessage, prompt(...HALVES)), async ({ response }) => {
        if (response.case !== 'contentDelta') return;
        const isFirst = text === '';
        text += response.value.text;
        if (isFirst) await loseTrack();
      });

      expect(text).toBe('before after');
      expect(responses.filter(({ response }) => response.case === 'messageStarted')).toHaveLength(1);
      expect(responses.at(-1)?.response).toMatchObject({ case: 'messageCompleted', value: { usage: { promptTokens: 10n } } });
    });

    it('messages are told whole, and those that stayed as they were not at all', async () => {
      const { messages: before } = await gateway[name].call(rpc.listMessages, {});
      const stream = gateway[name].stream(rpc.streamMessages, {});
      const seen = readUntil(stream, ({ event }) => event.case === 'messageUpdated' && event.value.message?.finishedAt !== undefined);
      await new Promise((resolve) => setTimeout(resolve, 200));

      await collect(gateway[name].stream(rpc.sendMessage, prompt(...HALVES)), async ({ response }) => {
        if (response.case === 'contentDelta' && response.value.text === 'before ') await loseTrack();
      });

      const changes = await seen;
      stream.cancel();
      expect(changes.at(-1)?.event).toMatchObject({
        case: 'messageUpdated',
        value: { message: { parts: [{ content: { case: 'text', value: { text: 'before after' } } }, { content: { case: 'finish' } }] } },
      });
      const told = changes.flatMap(({ event }) =>
        event.case === 'messageCreated' || event.case === 'messageUpdated' ? [event.value.message?.id] : [],
      );
      expect(told).not.toContain(before.at(-1)?.id);
      expect(changes.filter(({ event }) => event.case === 'messageCreated')).toHaveLength(2);
    });
  });
});
