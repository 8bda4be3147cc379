import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { createParser } from 'eventsource-parser';
import { protoServices } from '../../src/common/grpc/proto-types.js';
import { restRoutesOf } from '../../src/common/http/rest-rule.js';
import { Conversation } from '../support/conversation.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const project = join(__dirname, '..', '..');
const validator = join(project, 'node_modules', '@seriousme', 'openapi-schema-validator', 'bin', 'validate-api-cli.js');

type Schema = Record<string, unknown>;
type Content = Record<string, { readonly schema?: Schema }>;

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly responses: Record<string, { readonly $ref?: string; readonly content?: Content }>;
}

interface Openapi {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly responses: { readonly Error: { readonly content: Content } } };
}

describe('the OpenAPI document', () => {
  let test: TestGateway;
  let document: Openapi;
  let ajv: Ajv2020;
  let conversation: Conversation;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { PUBLIC_URL: 'https://agents.example' } });
    document = (await (await fetch(`${test.httpUrl}/openapi.json`)).json()) as Openapi;
    ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv
      .addFormat('int64', /^-?\d+$/)
      .addFormat('uint64', /^\d+$/)
      .addFormat('uint32', true);
    ajv.addSchema(document, 'openapi');
    conversation = await Conversation.begin(test.rest);
    await conversation.run(
      [
        { t: 'reasoning', value: 'hm' },
        { t: 'tool', name: 'bash', args: { command: 'echo hello', description: 'Say hello' } },
      ],
      [
        { t: 'text', value: 'done' },
        { t: 'usage', input: 10, output: 5 },
      ],
    );
  });

  afterAll(() => test.stop());

  function operations(): { readonly route: string; readonly path: string; readonly operation: Operation }[] {
    return Object.entries(document.paths).flatMap(([path, verbs]) =>
      Object.entries(verbs).map(([verb, operation]) => ({ route: `${verb.toUpperCase()} ${path}`, path, operation })),
    );
  }

  /** What the value has against the schema that the document gives for the answer; none if it is as promised. */
  function errorsOf(value: unknown, pointer: readonly string[]): unknown[] {
    const path = pointer.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
    const validate = ajv.compile({ $ref: `openapi#/${encodeURI(path).replaceAll('{', '%7B').replaceAll('}', '%7D')}` });
    return validate(value) ? [] : (validate.errors ?? []);
  }

  function answerOf(path: string, verb: string, status: string, type = 'application/json'): string[] {
    return ['paths', path, verb, 'responses', status, 'content', type, 'schema'];
  }

  it('is valid OpenAPI 3.1', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'openapi-'));
    const file = join(folder, 'openapi.json');
    writeFileSync(file, JSON.stringify(document));

    const { stdout } = await promisify(execFile)(process.execPath, [validator, file]).finally(() => rmSync(folder, { recursive: true }));

    expect(JSON.parse(stdout)).toMatchObject({ valid: true });
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.servers).toEqual([{ url: 'https://agents.example' }]);
  });

  it('has every route of the contract, and besides only probes and those of A2A', () => {
    const routes = protoServices
      .flatMap((service) => service.methods.flatMap(restRoutesOf))
      .map(({ verb, path, wildcard }) => `${verb.toUpperCase()} ${path.replace('*', `:${wildcard ?? ''}`).replaceAll(/:(\w+)/g, '{$1}')}`);

    expect(
      operations()
        .filter(({ operation: { tags } }) => !tags.includes('A2A') && !tags.includes('health'))
        .map(({ route }) => route)
        .sort(),
    ).toEqual(routes.sort());
  });

  it('names every operation once, and every parameter of its path', () => {
    const names = operations().map(({ operation }) => operation.operationId);
    const wrong = operations().filter(({ path, operation }) => {
      const inTemplate = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      const given = (operation.parameters ?? []).flatMap((parameter) => (parameter.in === 'path' ? [parameter.name] : [])).sort();
      return JSON.stringify(inTemplate) !== JSON.stringify(given);
    });

    expect(new Set(names).size).toBe(names.length);
    expect(wrong.map(({ route }) => route)).toEqual([]);
  });

  it('asks for a token everywhere but at the health checks and the Agent Card', () => {
    const open = operations().filter(({ operation }) => operation.security?.length === 0);

    const cards = ['GET /.well-known/agent-card.json', 'GET /.well-known/agent.json'];
    expect(open.map(({ route }) => route).sort()).toEqual([...cards, 'GET /health', 'GET /livez', 'GET /readyz']);
  });

  it('refers only to what it holds', () => {
    for (const { path, operation, route } of operations()) {
      const verb = route.slice(0, route.indexOf(' ')).toLowerCase();
      for (const [status, { content = {} }] of Object.entries(operation.responses)) {
        for (const [type, { schema }] of Object.entries(content)) {
          if (schema !== undefined) expect(() => errorsOf({}, answerOf(path, verb, status, type))).not.toThrow();
        }
      }
    }
  });

  it.each([
    ['/health', '/health'],
    ['/livez', '/livez'],
    ['/readyz', '/readyz'],
    ['/session', '/session'],
    ['/session/stats', '/session/stats'],
    ['/messages', '/messages'],
    ['/agent/status', '/agent/status'],
    ['/sessions', '/sessions?labels%5Ba%5D=b'],
    ['/sessions', '/sessions'],
    ['/permissions', '/permissions'],
    ['/questions', '/questions'],
  ])('describes what GET %s really answers', async (path, url) => {
    const answer: unknown = await (await fetch(test.httpUrl + url)).json();

    expect(errorsOf(answer, answerOf(path, 'get', '200'))).toEqual([]);
  });

  it('describes a real session and its messages', async () => {
    const url = `${test.httpUrl}/sessions/${conversation.sessionId}`;
    const session: unknown = await (await fetch(url)).json();
    const page = (await (await fetch(`${url}/messages`)).json()) as { messages: { toolCalls: unknown[] }[] };

    expect(errorsOf(session, answerOf('/sessions/{session_id}', 'get', '200'))).toEqual([]);
    expect(errorsOf(page, answerOf('/sessions/{session_id}/messages', 'get', '200'))).toEqual([]);
    expect(page.messages.flatMap(({ toolCalls }) => toolCalls)).not.toEqual([]);
  });

  it('notices an answer that is not as described', async () => {
    const page = (await (await fetch(`${test.httpUrl}/sessions`)).json()) as { sessions: Record<string, unknown>[] };
    const broken = { ...page, sessions: page.sessions.map(({ labels: _, ...session }) => ({ ...session, id: 1 })) };

    const errors = errorsOf(broken, answerOf('/sessions', 'get', '200'));

    expect(errors).toEqual(
      expect.arrayContaining([expect.objectContaining({ keyword: 'required' }), expect.objectContaining({ keyword: 'type' })]),
    );
  });

  it.each([
    ['text/event-stream', 'text/event-stream'],
    ['application/json', 'application/json'],
  ])('describes the events of a real turn as %s', async (accept, type) => {
    const response = await fetch(`${test.httpUrl}/sessions/${conversation.sessionId}/messages/stream`, {
      method: 'POST',
      headers: { accept, 'content-type': 'application/json' },
      body: JSON.stringify({ parts: [{ text: { text: 'SCRIPT:[[{"t":"text","n":5}]]' } }] }),
    });
    const body = await response.text();

    const items: unknown[] = [];
    if (accept === 'application/json')
      items.push(
        ...body
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown),
      );
    else createParser({ onEvent: ({ data }) => items.push(JSON.parse(data)) }).feed(body);

    expect(items.length).toBeGreaterThan(3);
    for (const item of items) expect(errorsOf(item, answerOf('/sessions/{session_id}/messages/stream', 'post', '200', type))).toEqual([]);
  });

  it.each([
    ['a prompt', { parts: [{ text: { text: 'hello' } }], model: { provider: { id: 'a' }, modelId: 'b' } }, true],
    ['nothing', {}, true],
    ['a part of two kinds', { parts: [{ text: { text: 'hello' }, file: { mime: 'text/plain' } }] }, false],
    ['text that is none', { parts: [{ text: { text: 1 } }] }, false],
    ['a mode that is none', { textMode: 'TEXT_MODE_LOUD' }, false],
  ])('tells whether %s is a body to send', (_, body, isOne) => {
    const pointer = ['paths', '/sessions/{session_id}/run', 'post', 'requestBody', 'content', 'application/json', 'schema'];

    expect(errorsOf(body, pointer).length === 0).toBe(isOne);
  });

  it.each([
    ['sends', 'opencode.v1.BinaryContent.Input', {}, true],
    ['is answered', 'opencode.v1.BinaryContent', {}, false],
    ['sends as a number', 'opencode.auth.OAuthCredential', { expiresAt: 1 }, true],
    ['sends as text', 'opencode.auth.OAuthCredential', { expiresAt: '1' }, true],
    ['is answered as a number', 'opencode.v1.TokenUsage', { promptTokens: 1, completionTokens: '1', cost: 0 }, false],
    ['is answered as text', 'opencode.v1.TokenUsage', { promptTokens: '1', completionTokens: '1', cost: 0 }, true],
  ])('tells what a caller %s: %s', (_, schema, value, isRight) => {
    expect(errorsOf(value, ['components', 'schemas', schema]).length === 0).toBe(isRight);
  });

  it.each(['application/json', 'application/problem+json'])('describes a refusal as %s', async (accept) => {
    const response = await fetch(`${test.httpUrl}/sessions`, {
      method: 'POST',
      headers: { accept, 'content-type': 'application/json' },
      body: '{"agent":"nobody"}',
    });

    expect(response.status).toBe(400);
    expect(errorsOf(await response.json(), ['components', 'responses', 'Error', 'content', accept, 'schema'])).toEqual([]);
  });
});
