import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { readConfig } from '../../src/common/config/config.js';
import { createOpenapi } from '../../src/common/http/openapi/openapi.js';
import { contractContext } from '../../src/modules/a2a/contracts/contract-context.js';
import { supportedMethods } from '../../src/modules/a2a/contracts/contract-methods.js';
import { extensionContracts } from '../../src/modules/a2a/contracts/contracts.js';
import { coreContract } from '../../src/modules/a2a/contracts/core.js';
import { METHOD_CONTRACTS, PAGINATION } from '../../src/modules/a2a/contracts/methods.js';
import { a2aOpenapi } from '../../src/modules/a2a/openapi/a2a-openapi.mapper.js';
import { startTestGateway } from '../support/test-gateway.js';

interface Example {
  readonly value: { readonly method: string; readonly params: Record<string, unknown> };
}

interface Operation {
  readonly requestBody?: {
    readonly content: Record<string, { readonly schema: { readonly $ref: string }; readonly examples: Record<string, Example> }>;
  };
  readonly 'x-a2a-extension-contracts'?: Record<string, unknown>;
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
}

function documentWith(environment: Record<string, string> = {}): Document {
  return createOpenapi(undefined, [a2aOpenapi(contractContext(readConfig(environment)))]) as unknown as Document;
}

function jsonRpcExamples(document: Document): Record<string, Example> {
  return document.paths['/']?.['post']?.requestBody?.content['application/json']?.examples ?? {};
}

const methodsIn = (document: Document): string[] => [...new Set(Object.values(jsonRpcExamples(document)).map(({ value }) => value.method))];

describe('A2A in the OpenAPI document', () => {
  const document = documentWith();

  it('T7 has the contracts as their one source has them, and a request for every method', () => {
    const contracts = extensionContracts(contractContext(readConfig({})));
    const post = document.paths['/']?.['post'];

    expect(post?.['x-a2a-extension-contracts']).toEqual(Object.fromEntries(contracts.map(({ key, params }) => [key, params])));
    expect(post?.requestBody?.content['application/json']?.schema.$ref).toBe('#/components/schemas/A2ARequest');
    expect(methodsIn(document).sort()).toEqual(supportedMethods(contractContext(readConfig({}))).sort());
  });

  it('T8 asks for as many sessions and messages as the contracts say is usual', () => {
    const { session_list: sessions, session_messages: messages } = jsonRpcExamples(document);

    expect([sessions?.value.params['limit'], messages?.value.params['limit']]).toEqual([PAGINATION.defaultLimit, PAGINATION.defaultLimit]);
  });

  it('T10 has the route to follow a task over REST', () => {
    expect(document.paths['/v1/tasks/{id}:subscribe']).toHaveProperty('get');
    expect(Object.keys(document.paths['/tasks/{id}:subscribe'] ?? {})).toEqual(['get', 'post']);
  });

  it('T10 has every route of both versions, those of 1.0 for tenants too', () => {
    const routes = Object.entries(document.paths).flatMap(([path, verbs]) =>
      Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`),
    );
    const { httpEndpoints } = coreContract('1.0', true);

    expect(routes).toEqual(expect.arrayContaining([...coreContract('0.3', true).httpEndpoints, ...httpEndpoints]));
    expect(routes).toEqual(expect.arrayContaining(httpEndpoints.map((endpoint) => endpoint.replace(' /', ' /{tenant}/'))));
  });

  it.each([
    ['/v1/message:send', '#/components/schemas/a2a.v1.SendMessageRequest', 'application/json'],
    ['/v1/message:stream', '#/components/schemas/a2a.v1.SendMessageRequest', 'application/json'],
    ['/message:send', '#/components/schemas/lf.a2a.v1.SendMessageRequest', 'application/a2a+json'],
    ['/{tenant}/message:stream', '#/components/schemas/lf.a2a.v1.SendMessageRequest', 'application/json'],
  ])('T11 says what POST %s takes, with examples of that', (path, schema, type) => {
    const media = document.paths[path]?.['post']?.requestBody?.content[type];
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    ajv.addFormat('int32', true).addSchema(document, 'openapi');

    expect(media?.schema.$ref).toBe(schema);
    expect(Object.keys(media?.examples ?? {})).toEqual([
      'basic_message',
      'message_with_file_input',
      'continue_session',
      'message_with_model_override',
    ]);
    for (const { value } of Object.values(media?.examples ?? {})) expect(ajv.validate({ $ref: `openapi${schema}` }, value)).toBe(true);
    expect(ajv.validate({ $ref: `openapi${schema}` }, { message: 'hello' })).toBe(false);
  });

  it('T12 has examples of the methods of A2A itself, under the names that are known', () => {
    expect(methodsIn(document)).toEqual(
      expect.arrayContaining([...coreContract('0.3', true).jsonrpcMethods, ...coreContract('1.0', true).jsonrpcMethods]),
    );
    expect(Object.keys(jsonRpcExamples(document))).toEqual(
      expect.arrayContaining([
        'message_send',
        'message_stream',
        'message_send_model_override',
        'message_send_file_input',
        'session_list',
        'session_messages',
        'session_prompt_async',
        'session_command',
        'providers_list',
        'models_list',
        'permission_reply',
        'question_reply',
        'question_reject',
      ]),
    );
  });

  it('T4 has the shell only where it is enabled', () => {
    const enabled = documentWith({ ENABLE_SESSION_SHELL: 'true' });

    expect(methodsIn(document)).not.toContain('opencode.sessions.shell');
    expect(Object.keys(jsonRpcExamples(enabled))).toContain('session_shell');
    expect(methodsIn(enabled)).toEqual(expect.arrayContaining(METHOD_CONTRACTS.map(({ method }) => method)));
  });

  it('gives each method of an extension what its contract requires', () => {
    const examples = Object.values(jsonRpcExamples(documentWith({ ENABLE_SESSION_SHELL: 'true' })));
    const lacking = METHOD_CONTRACTS.flatMap(({ method, required = [] }) => {
      const params = examples.find(({ value }) => value.method === method)?.value.params ?? {};
      return required.filter((name) => at(params, name) === undefined).map((name) => `${method}: ${name}`);
    });

    expect(lacking).toEqual([]);
  });

  it('speaks of one version alone where one is spoken, and of no addresses to tell where nobody is told', () => {
    const one = documentWith({ A2A_VERSIONS: '1.0', A2A_PUSH: 'false' });

    expect(Object.keys(one.paths).filter((path) => path.startsWith('/v1/') || path.includes('push'))).toEqual([]);
    expect(methodsIn(one)).not.toContain('message/send');
  });

  it('is served where A2A is spoken, and only there', async () => {
    const served = async (settings: Record<string, string>): Promise<string[]> => {
      const test = await startTestGateway({ settings });
      const { paths } = (await (await fetch(`${test.httpUrl}/openapi.json`)).json()) as Document;
      await test.stop();
      return Object.keys(paths);
    };

    expect(await served({})).toContain('/message:send');
    expect(await served({ TRANSPORTS: 'http,grpc' })).not.toContain('/message:send');
  });
});

function at(params: unknown, name: string): unknown {
  return name.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], params);
}
