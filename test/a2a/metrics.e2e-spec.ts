import type { Client } from '@a2a-js/sdk/client';
import { OpencodeLifecycle } from '../../src/common/opencode/opencode.module.js';
import { asTask, collectItems, connect, sending } from '../support/a2a-client.js';
import { bash, end, question, task } from '../support/asks.js';
import { eventually } from '../support/eventually.js';
import { OpencodeProxy } from '../support/opencode-proxy.js';
import { startRemoteGateway, type RemoteGateway } from '../support/remote-gateway.js';
import { script } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const glob = { t: 'tool', name: 'glob', args: { pattern: '*.md' } } as const;

describe('the metrics of opencode-a2a-server', () => {
  let test: TestGateway;
  let proxy: OpencodeProxy;
  let remote: RemoteGateway;
  let client: Client;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { bash: 'ask' } });
    const { baseUrl = '', password = '' } = test.gateway.app.get(OpencodeLifecycle).supervisor?.endpoint() ?? {};
    proxy = await OpencodeProxy.start(baseUrl);
    remote = await startRemoteGateway({ OPENCODE_BASE_URL: proxy.url, OPENCODE_SERVER_PASSWORD: password });
    client = await connect(remote, 'JSONRPC', '0.3');
  });

  afterAll(async () => {
    await remote.stop();
    await proxy.stop();
    await test.stop();
  });

  async function valueOf(series: string): Promise<number> {
    const text = await (await fetch(`${remote.httpUrl}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${series} `));
    return Number(line?.split(' ').at(-1));
  }

  /** How much each grew by what happens. */
  async function growthBy<Name extends string>(names: readonly Name[], happens: () => Promise<unknown>): Promise<Record<Name, number>> {
    const before = await Promise.all(names.map(valueOf));
    await happens();
    const after = await Promise.all(names.map(valueOf));
    return Object.fromEntries(names.map((name, index) => [name, (after[index] ?? Number.NaN) - (before[index] ?? Number.NaN)])) as Record<
      Name,
      number
    >;
  }

  it('T125 counts streams, and says how many are open', async () => {
    const names = ['a2a_stream_requests_total', 'a2a_stream_active'] as const;

    const whileOpen = await growthBy(names, async () => {
      const stream = client.sendMessageStream(sending(script([{ t: 'hang' }])));
      const first = await stream.next();
      const { payload } = first.value ?? {};
      if (payload?.$case !== 'task') throw new Error('a stream begins with its task');
      expect(await valueOf('a2a_stream_active')).toBe(1);
      await client.cancelTask({ tenant: '', id: payload.value.id, metadata: undefined });
      await collectItems(stream);
      await eventually(async () => (await valueOf('a2a_stream_active')) === 0);
    });

    expect(whileOpen).toEqual({ a2a_stream_requests_total: 1, a2a_stream_active: 0 });
  });

  it('T125 counts the states of tools that streams told, and none for who waits without a stream', async () => {
    const names = ['tool_call_chunks_emitted_total'] as const;
    let told = 0;

    const streamed = await growthBy(names, async () => {
      const items = await collectItems(client.sendMessageStream(sending(script([glob], [end]))));
      told = items.filter(
        ({ payload }) => payload?.$case === 'artifactUpdate' && payload.value.artifact?.parts[0]?.content?.$case === 'data',
      ).length;
    });
    const waited = await growthBy(names, () => client.sendMessage(sending(script([glob], [end]))));

    expect(told).toBeGreaterThan(0);
    expect(streamed).toEqual({ tool_call_chunks_emitted_total: told });
    expect(waited).toEqual({ tool_call_chunks_emitted_total: 0 });
  });

  it('T125 counts what is asked and what is answered once each, of sub-agents too', async () => {
    const names = ['interrupt_requests_total', 'interrupt_resolved_total'] as const;

    const grown = await growthBy(names, async () => {
      for (const [operation, words] of [
        [bash, 'once'],
        [question, 'A'],
        [task(bash), 'once'],
      ] as const) {
        const { id } = asTask(await client.sendMessage(sending(script([operation], [end]))));
        await client.sendMessage(sending(words, { taskId: id }));
      }
    });

    expect(grown).toEqual({ interrupt_requests_total: 3, interrupt_resolved_total: 3 });
  });

  it('T125 counts cancels, their attempts to abort, and how long they took', async () => {
    const names = [
      'a2a_cancel_requests_total',
      'a2a_cancel_abort_attempt_total',
      'a2a_cancel_abort_success_total',
      'a2a_cancel_abort_timeout_total',
      'a2a_cancel_abort_error_total',
    ] as const;

    const grown = await growthBy(names, async () => {
      const { id } = asTask(await client.sendMessage(sending(script([{ t: 'hang' }]), { returnImmediately: true })));
      await client.cancelTask({ tenant: '', id, metadata: undefined });
      await client.cancelTask({ tenant: '', id, metadata: undefined });
    });

    expect(grown).toEqual({
      a2a_cancel_requests_total: 2,
      a2a_cancel_abort_attempt_total: 1,
      a2a_cancel_abort_success_total: 1,
      a2a_cancel_abort_timeout_total: 0,
      a2a_cancel_abort_error_total: 0,
    });
    expect(await valueOf('a2a_cancel_duration_ms_count{abort_outcome="not_attempted"}')).toBe(1);
    expect(await valueOf('a2a_cancel_duration_ms_count{abort_outcome="success"}')).toBeGreaterThanOrEqual(1);
  });

  it('T125 counts how often the events of OpenCode came back', async () => {
    const grown = await growthBy(['opencode_stream_retries_total'], async () => {
      const before = await valueOf('opencode_stream_retries_total');
      proxy.cut();
      proxy.mend();
      await eventually(async () => (await valueOf('opencode_stream_retries_total')) > before);
    });

    expect(grown).toEqual({ opencode_stream_retries_total: 1 });
  });
});
