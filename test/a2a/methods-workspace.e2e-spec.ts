import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ExtensionCaller } from '../support/extension-caller.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const NO_SUCH = ['fork', 'share', 'unshare', 'summarize', 'revert', 'unrevert'].map((name) => `opencode.sessions.${name}`);

describe('extension methods beside sessions', () => {
  let test: TestGateway;
  let caller: ExtensionCaller;

  beforeAll(async () => {
    test = await startTestGateway({ prepare: async ({ workspace }) => void (await mkdir(join(workspace, 'sub'))) });
    caller = new ExtensionCaller(test.gateway);
  });

  afterAll(() => test.stop());

  it('T91 lists providers and models in few words, and none of their keys', async () => {
    const providers = await caller.call('opencode.providers.list', { metadata: { opencode: { directory: 'sub' } } });
    const models = await caller.call('opencode.models.list');

    const summary = { default_by_provider: { scripted: expect.any(String) as string }, connected: ['scripted'] };
    expect(providers).toEqual({
      items: [
        {
          provider_id: 'scripted',
          name: 'Scripted',
          source: 'config',
          connected: true,
          default_model_id: expect.any(String) as string,
          model_count: 2,
        },
      ],
      ...summary,
    });
    expect(models).toMatchObject(summary);
    expect(models.items).toContainEqual({
      provider_id: 'scripted',
      model_id: 'other',
      name: 'Other',
      status: 'active',
      context_window: expect.any(Number) as number,
      max_output_tokens: expect.any(Number) as number,
      supports_reasoning: expect.any(Boolean) as boolean,
      supports_tool_call: true,
      supports_attachments: expect.any(Boolean) as boolean,
      default: expect.any(Boolean) as boolean,
      connected: true,
    });
    expect(JSON.stringify([providers, models])).not.toContain('scripted-key');
  });

  it('T91 lists the models of one provider and refuses a provider_id of another kind', async () => {
    expect((await caller.call('opencode.models.list', { provider_id: 'scripted' })).items).toHaveLength(2);
    expect((await caller.call('opencode.models.list', { provider_id: 'google' })).items).toEqual([]);
    for (const provider_id of [123, ' '])
      expect(await caller.failure('opencode.models.list', { provider_id })).toEqual({
        code: -32602,
        message: 'provider_id must be a non-empty string',
        data: { type: 'INVALID_FIELD', field: 'provider_id' },
      });
    expect(await caller.failure('opencode.providers.list', { provider_id: 'x' })).toEqual({
      code: -32602,
      message: 'Unsupported params fields: params.provider_id',
      data: { type: 'INVALID_FIELD', fields: ['params.provider_id'] },
    });
    expect(await caller.failure('opencode.providers.list', { metadata: { opencode: { directory: '/etc' } } })).toMatchObject({
      data: { field: 'metadata.opencode.directory' },
    });
  });

  it('tells of the workspace’s project, and of nothing outside it', async () => {
    const { item } = await caller.call('opencode.projects.current');

    expect(item).toMatchObject({ worktree: test.opencode.workspace, vcs: 'git' });
    expect((await caller.call('opencode.projects.list')).items.map(({ id }) => id)).toEqual([item.id]);
    expect((await caller.call('opencode.projects.current', { metadata: { opencode: { directory: 'sub' } } })).item.id).toBe(item.id);
    expect(await caller.call('opencode.workspaces.list')).toEqual({ items: [] });
    expect(await caller.call('opencode.worktrees.list')).toEqual({ items: [] });
    expect(await caller.failure('opencode.projects.list', { all: true })).toMatchObject({ data: { fields: ['all'] } });
  });

  it.each(['unsupported.method', ...NO_SUCH, 'opencode.worktrees.create', 'opencode.workspaces.remove'])(
    'T21 refuses %s and says what is supported',
    async (method) => {
      const error = await caller.failure(method);

      expect(error).toMatchObject({
        code: -32601,
        message: `Unsupported method: ${method}`,
        data: { type: 'METHOD_NOT_SUPPORTED', method, protocol_version: '0.3.0' },
      });
      expect(error.data.supported_methods).toEqual(expect.arrayContaining(['message/send', 'opencode.sessions.list']));
      expect(error.data.supported_methods).not.toContain(method);
    },
  );

  it('T21 words it for A2A 1.0, with that version’s methods', async () => {
    expect(await new ExtensionCaller(test.gateway, '1.0').failure('message/send')).toMatchObject({
      code: -32601,
      data: [
        {
          reason: 'METHOD_NOT_SUPPORTED',
          domain: 'opencode-gateway',
          metadata: {
            method: 'message/send',
            protocol_version: '1.0',
            supported_methods: expect.stringContaining('SendMessage, ') as string,
          },
        },
      ],
    });
  });

  it('T22 T24 answers no notification, whatever comes of it', async () => {
    const { supported_methods: methods = [] } = (await caller.failure('unsupported.method')).data;
    const extensions = methods.filter((method) => method.startsWith('opencode.') || method.startsWith('a2a.'));

    expect(extensions).toHaveLength(21);
    for (const method of ['unsupported.method', ...extensions]) expect(await caller.notify(method)).toBeUndefined();
    expect(await caller.notify('opencode.sessions.list', [])).toBeUndefined();
  });

  it('refuses parameters that are no object', async () => {
    for (const params of [[], 'x', 1])
      expect(await caller.failure('opencode.sessions.list', params)).toMatchObject({ code: -32602, message: 'params must be an object' });
  });
});
