import { DefaultAgentCardResolver } from '@a2a-js/sdk/client';
import type { JsonObject } from '@bufbuild/protobuf';
import { CardService } from '../../src/modules/a2a/card/card.service.js';
import { contractContext } from '../../src/modules/a2a/contracts/contract-context.js';
import { supportedMethods } from '../../src/modules/a2a/contracts/contract-methods.js';
import { extensionContracts } from '../../src/modules/a2a/contracts/contracts.js';
import { EXTENSION_URIS } from '../../src/modules/a2a/contracts/extensions.js';
import { ExtensionMethods } from '../../src/modules/a2a/methods/extension.methods.js';
import { readConfig } from '../../src/common/config/config.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TOKEN = '7f3c9a01be52d846';

const SETTINGS = {
  A2A_BEARER_TOKEN: TOKEN,
  A2A_PROJECT: 'alpha-project',
  A2A_DESCRIPTION: 'Our agent',
  OPENCODE_PROVIDER_ID: 'planted-provider',
  OPENCODE_MODEL_ID: 'planted-model',
  OPENCODE_AGENT: 'planted-agent',
  OPENCODE_VARIANT: 'planted-variant',
};

interface Card extends JsonObject {
  readonly description: string;
  readonly url: string;
  readonly capabilities: { readonly extensions: { readonly uri: string; readonly params?: JsonObject }[] };
  readonly skills: { readonly id: string; readonly examples: string[] }[];
}

describe('the Agent Card', () => {
  let test: TestGateway;
  let extended: Card;

  beforeAll(async () => {
    test = await startTestGateway({ settings: SETTINGS });
    extended = test.gateway.app.get(CardService).inFace('callers', 'both') as Card;
  });

  afterAll(() => test.stop());

  function get(headers: Record<string, string> = {}, path = '/.well-known/agent-card.json'): Promise<Response> {
    return fetch(test.httpUrl + path, { headers });
  }

  async function card(headers: Record<string, string> = {}): Promise<Card> {
    return (await (await get(headers)).json()) as Card;
  }

  const paramsOf = (uri: string): JsonObject | undefined => extended.capabilities.extensions.find((one) => one.uri === uri)?.params;

  it('T1 names its transports, its methods and what all consumers share', async () => {
    const { description } = await card();

    expect(description).toMatch(/^Our agent\. .*HTTP\+JSON, JSON-RPC and gRPC transports/);
    expect(description).toContain('message/send, message/stream, tasks/get, tasks/cancel');
    expect(description).toContain('all consumers share the same underlying OpenCode workspace/environment');
    expect(description).toContain('single-tenant, self-hosted coding workflows');
    expect(await card()).toMatchObject({
      capabilities: { streaming: true },
      defaultInputModes: ['text/plain', 'application/octet-stream'],
      security: [{ bearerAuth: [] }],
    });
  });

  it('T2 tells callers the deployment inside the extensions, save where on the host it is', () => {
    expect(paramsOf(EXTENSION_URIS.session_binding)).toMatchObject({
      metadata_field: 'metadata.shared.session.id',
      supported_metadata: ['shared.session.id', 'opencode.directory'],
      shared_workspace_across_consumers: true,
      tenant_isolation: 'none',
      deployment_context: {
        project: 'alpha-project',
        provider_id: 'planted-provider',
        model_id: 'planted-model',
        agent: 'planted-agent',
        variant: 'planted-variant',
        deployment_profile: 'single_tenant_shared_workspace',
        allow_directory_override: true,
        session_shell_enabled: false,
      },
    });
    expect(JSON.stringify(extended)).not.toContain(test.opencode.workspace);
  });

  it('T3 hints at the project in the examples of the chat', () => {
    expect(extended.skills.find(({ id }) => id === 'opencode.chat')?.examples).toContain(
      'Summarize current work items for project alpha-project.',
    );
  });

  it('T5 hides the shell from the skills when it is off', () => {
    const skills = ['opencode.chat', 'opencode.sessions.query', 'opencode.providers.query', 'opencode.interrupt.callback'];

    expect(extended.skills.map(({ id }) => id)).toEqual(skills);
    expect(JSON.stringify(extended.skills)).toContain('opencode.sessions.prompt_async');
    expect(JSON.stringify(extended.skills)).not.toContain('opencode.sessions.shell');
  });

  it('T6 has the contracts as their one source has them', () => {
    const contracts = extensionContracts(contractContext(readConfig(SETTINGS)));

    expect(extended.capabilities.extensions).toEqual(
      contracts.map(({ uri, description, params }) => ({ uri, description, required: false, params })),
    );
  });

  it.each(['0.3', '1.0'] as const)('T6 names the methods that there are, those of %s', async (version) => {
    const answer = await fetch(test.httpUrl, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', 'a2a-version': version },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'unsupported.method' }),
    });
    const { error } = (await answer.json()) as { error: { code: number; data: unknown } };
    const names = supportedMethods(contractContext(readConfig({})), [version]);

    expect(error.code).toBe(-32601);
    for (const name of names) expect(JSON.stringify(error.data)).toContain(name);
    expect(
      test.gateway.app
        .get(ExtensionMethods)
        .supported()
        .every((name) => names.includes(name)),
    ).toBe(true);
    expect(paramsOf(EXTENSION_URIS.wire_contract)?.['all_jsonrpc_methods']).toEqual(expect.arrayContaining(names));
  });

  it.each([
    ['/extendedAgentCard', '1.0'],
    ['/v1/card', '0.3'],
  ] as const)('shows the extended one at %s to callers alone, in the shape of %s', async (path, face) => {
    const shown = await get({ authorization: `Bearer ${TOKEN}` }, path);

    expect((await get({}, path)).status).toBe(401);
    expect(await shown.json()).toEqual(test.gateway.app.get(CardService).inFace('callers', face));
  });

  it('tells everybody which extensions there are, and nothing of the deployment', async () => {
    const open = await card();
    const text = JSON.stringify(open);

    expect(open.capabilities.extensions.map(({ uri }) => uri)).toEqual(Object.values(EXTENSION_URIS));
    for (const word of [...Object.values(SETTINGS).filter((value) => value !== 'Our agent'), test.opencode.workspace, 'deployment_context'])
      expect(text).not.toContain(word);
  });

  it.each(['/.well-known/agent-card.json', '/.well-known/agent.json'])('is open at %s, for caches to keep', async (path) => {
    const answer = await get({}, path);

    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('etag')).toMatch(/^"[^"]+"$/);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
    expect(Date.parse(answer.headers.get('last-modified') ?? '')).not.toBeNaN();
    expect(answer.headers.get('vary')).toBe('A2A-Version');
  });

  it('is sent once to who keeps it, under another etag in each version', async () => {
    const etags = new Map<string, string>();
    for (const version of ['', '0.3', '1.0']) {
      const headers: Record<string, string> = version === '' ? {} : { 'a2a-version': version };
      const etag = (await get(headers)).headers.get('etag') ?? '';
      const again = await get({ ...headers, 'if-none-match': etag });
      expect([again.status, await again.text(), again.headers.get('vary')]).toEqual([304, '', 'A2A-Version']);
      etags.set(etag, version);
    }

    expect(etags.size).toBe(3);
  });

  it('has the shape of the version that is asked for, in the header or in the query', async () => {
    const byQuery = (await (await get({}, '/.well-known/agent-card.json?A2A-Version=1.0')).json()) as Card;

    expect(await card({ 'a2a-version': '1.0' })).not.toHaveProperty('preferredTransport');
    expect(byQuery).toEqual(await card({ 'a2a-version': '1.0' }));
    expect(await card({ 'a2a-version': '0.3' })).not.toHaveProperty('supportedInterfaces');
    expect(await card()).toMatchObject({ preferredTransport: 'HTTP+JSON', capabilities: { extendedAgentCard: true } });
    expect(await card()).toHaveProperty('supportedInterfaces');
    expect(await card({ 'a2a-version': '9.9' })).toEqual(await card());
  });

  it('names the addresses at which the doors are', async () => {
    expect(await card()).toMatchObject({
      url: test.httpUrl,
      supportedInterfaces: expect.arrayContaining([
        expect.objectContaining({ url: test.grpcAddress, protocolBinding: 'GRPC', protocolVersion: '1.0' }),
        expect.objectContaining({ url: test.httpUrl, protocolBinding: 'JSONRPC', protocolVersion: '0.3' }),
      ]),
    });
  });

  it("is read by the library's client", async () => {
    const read = await new DefaultAgentCardResolver().resolve(test.httpUrl);

    expect(read.supportedInterfaces[0]).toMatchObject({ url: test.httpUrl, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' });
    expect(read.capabilities?.extendedAgentCard).toBe(true);
  });
});

describe('the Agent Card of other deployments', () => {
  async function cardWith(settings: Record<string, string>): Promise<Response> {
    const test = await startTestGateway({ settings });
    try {
      return await fetch(`${test.httpUrl}/.well-known/agent-card.json`);
    } finally {
      await test.stop();
    }
  }

  it('is there only where A2A is spoken', async () => {
    expect((await cardWith({ TRANSPORTS: 'grpc,http' })).status).toBe(404);
  });

  it('speaks of 1.0 alone where 0.3 is off, of the public address, and of what is taken', async () => {
    const answer = await cardWith({
      A2A_VERSIONS: '1.0',
      PUBLIC_URL: 'https://agents.example/base/',
      A2A_DATA_PARTS: 'true',
      A2A_PUSH: 'false',
      A2A_TITLE: 'Ours',
      A2A_VERSION: '7.1',
      CORS_ORIGINS: 'https://app.example',
    });
    const card = (await answer.json()) as Card;

    expect(answer.headers.get('vary')).toBe('origin, A2A-Version');
    expect(card).not.toHaveProperty('preferredTransport');
    expect(card).toMatchObject({
      name: 'Ours',
      version: '7.1',
      capabilities: { pushNotifications: false },
      defaultInputModes: ['text/plain', 'application/octet-stream', 'application/json'],
      supportedInterfaces: [
        { url: 'https://agents.example/base', protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
        { url: 'https://agents.example/base', protocolBinding: 'JSONRPC' },
        { url: expect.stringMatching(/^agents\.example:\d+$/) as string, protocolBinding: 'GRPC' },
      ],
    });
    expect(card).not.toHaveProperty('securitySchemes');
  });
});
