import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toJsonString } from '@bufbuild/protobuf';
import { EventService, GlobalEventSchema } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { protoServices, protoTypes } from '../../src/common/grpc/proto-types.js';
import { restRoutesOf } from '../../src/common/http/rest-rule.js';
import { Canaries } from '../support/canaries.js';
import { COMPILE_TIMEOUT_MS, compileGateway, startCompiledGateway, type CompiledGateway } from '../support/compiled-gateway.js';
import { A2A_PLACES, crawlA2A } from '../support/crawl-a2a.js';
import { bodiesOf, collect, Conversation } from '../support/conversation.js';
import { crawl, type Known } from '../support/crawl.js';
import { CallError, type Door } from '../support/door.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { createOpencodeEnvironment, type OpencodeEnvironment } from '../support/opencode-environment.js';
import { RestDoor } from '../support/rest.door.js';
import { ScriptedModel, script, type Operation } from '../support/scripted-model.js';

/** What is served beside the methods, or may be. */
const PAGES = [
  '/metrics',
  '/openapi.json',
  '/docs',
  '/descriptors.binpb',
  '/.well-known/agent-card.json',
  '/extendedAgentCard',
  '/v1/card',
];
const canaries = new Canaries();
const secret = (place: string): string => canaries.plant(place);
/** In a script: the model puts the secret there, for the prompt is the caller's to read. */
const filledIn = (place: string): string => `<<${place}>>`;

/** OpenCode's configuration with a secret wherever it can hold one. */
function configuration(modelUrl: string): Record<string, unknown> {
  const model = {
    tool_call: true,
    limit: { context: 100_000, output: 1_000 },
    options: { token: secret('model options') },
    headers: { 'x-key': secret('model headers') },
    variants: { high: { budgetKey: secret('model variant') } },
  };
  return {
    enabled_providers: ['scripted', 'second', 'third'],
    provider: {
      scripted: { options: { apiKey: secret('provider apiKey'), headers: { 'x-key': secret('provider headers') } } },
      second: {
        npm: '@ai-sdk/openai-compatible',
        options: {
          baseURL: `http://${secret('user of baseURL')}:${secret('password of baseURL')}@127.0.0.1:9/v1?key=${secret('query of baseURL')}`,
          organisation: secret('provider options'),
        },
        models: { m: model },
      },
      third: { npm: '@ai-sdk/openai-compatible', options: { baseURL: modelUrl }, models: { m: { name: 'M' } } },
    },
    mcp: {
      local: {
        type: 'local',
        command: ['/bin/false', `--token=${secret('MCP command')}`],
        environment: { TOKEN: secret('MCP environment') },
      },
      remote: {
        type: 'remote',
        url: `http://127.0.0.1:9/mcp?token=${secret('query of MCP url')}`,
        headers: { authorization: `Bearer ${secret('MCP headers')}` },
      },
    },
    agent: {
      planted: {
        description: 'has secrets',
        mode: 'primary',
        prompt: `Never say ${secret('agent prompt')}`,
        options: { key: secret('agent options') },
      },
    },
    command: {
      harmless: { description: 'has none', template: 'Say $ARGUMENTS' },
      planted: { description: 'has secrets', template: `Never say ${secret('command template')}` },
    },
  };
}

/** What OpenCode keeps for providers, as a login leaves it. */
function credentials(): Record<string, unknown> {
  return {
    second: { type: 'api', key: secret('key in auth.json') },
    third: { type: 'oauth', access: secret('access token in auth.json'), refresh: secret('refresh token in auth.json'), expires: 0 },
  };
}

/** Ways in which a provider can fail, each with something in its answer that is nobody's business. */
function faults(): readonly (readonly Operation[])[] {
  const fail = (status: number, place: string, more: object = {}): Operation => ({
    t: 'http',
    status,
    body: { error: { message: `no: ${filledIn(place)}`, type: filledIn(`type in ${place}`), code: 'invalid_api_key' } },
    ...more,
  });
  const sql = `Failed query: insert into part values (?) -- ${filledIn('SQL')}\nparams: ${filledIn('parameters of SQL')}`;
  const soon = { 'retry-after-ms': '10' };
  return [
    [fail(401, 'body of a 401', { headers: { 'x-request-key': filledIn('header of a 401') } })],
    [fail(400, 'body of a 400')],
    [fail(404, 'body of a 404')],
    [fail(413, 'body of a 413')],
    [{ t: 'http', status: 400, body: `<html><p>${filledIn('HTML')}</p></html>`, headers: { 'content-type': 'text/html' } }],
    [
      {
        t: 'http',
        status: 400,
        body: { error: { message: `TypeError: ${filledIn('stack')}\n    at f (/srv/${filledIn('path in stack')}.js:1)` } },
      },
    ],
    [{ t: 'http', status: 400, body: { error: { message: sql } } }],
    [fail(429, 'body of a 429', { times: 1, headers: soon })],
    [fail(500, 'body of a 500', { times: 1, headers: soon })],
    [{ t: 'http', status: 500, times: 1, body: { error: { message: sql } }, headers: soon }],
    [
      { t: 'text', value: 'half' },
      { t: 'error', error: { message: filledIn('failure within an answer'), type: 'invalid_request' } },
    ],
  ];
}

describe('secrets', () => {
  let model: ScriptedModel;
  let opencode: OpencodeEnvironment;
  let gateway: CompiledGateway;
  let doors: readonly Door[];
  /** What was said, by the place where it was said. */
  const said = new Map<string, string>();

  const note = (place: string, text: string): void => void said.set(place, `${said.get(place) ?? ''}\n${text}`);

  /** The folders of the host with secrets in their names: what tells a path of the host tells one of them. */
  async function hostFolders(): Promise<Record<string, string>> {
    const names = ['HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'TMPDIR'];
    const folders = Object.fromEntries(names.map((name) => [name, join(opencode.root, secret(`path of ${name}`))]));
    for (const name of names) await cp(opencode.env[name] ?? '', folders[name] ?? '', { recursive: true });
    return folders;
  }

  async function start(): Promise<void> {
    const folders = await hostFolders();
    await mkdir(join(folders['XDG_DATA_HOME'] ?? '', 'opencode'), { recursive: true });
    await writeFile(join(folders['XDG_DATA_HOME'] ?? '', 'opencode', 'auth.json'), JSON.stringify(credentials()));
    await writeFile(join(opencode.root, 'outside.txt'), secret('file outside the workspace'));
    gateway = await startCompiledGateway({
      ...opencode.env,
      ...folders,
      OPENCODE_WORKSPACE_ROOT: opencode.workspace,
      LOG_LEVEL: 'debug',
      OPENCODE_DEBUG: 'true',
      ENABLE_SESSION_SHELL: 'true',
      A2A_LOG_PAYLOADS: 'true',
      A2A_ENABLE_SESSION_SHELL: 'true',
      A2A_PUSH_ALLOWED_HOSTS: '127.0.0.1',
      ACCESS_TOKEN: secret('ACCESS_TOKEN'),
      A2A_BEARER_TOKEN: secret('A2A_BEARER_TOKEN'),
      OPENCODE_SERVER_PASSWORD: secret('OPENCODE_SERVER_PASSWORD'),
      PLANTED_API_KEY: secret('key in the environment'),
    });
    doors = [new GrpcDoor(gateway.grpcAddress, secret('ACCESS_TOKEN')), new RestDoor(gateway.httpUrl, secret('ACCESS_TOKEN'))];
  }

  /** A session with something to read in it. */
  async function makeKnown(door: Door): Promise<Known> {
    const { sessionId } = await Conversation.begin(door);
    const { messageId } = await door.call(MessageService.method.runMessage, {
      sessionId,
      parts: [
        { content: { case: 'text', value: { $typeName: 'opencode.message.TextPart', text: script([{ t: 'text', value: 'hello' }]) } } },
      ],
    });
    await writeFile(join(opencode.workspace, 'scratch.txt'), 'scratch');
    return { sessionId, messageId, providerId: 'second', path: 'scratch.txt', key: secret('credential that was sent') };
  }

  async function failTurns(door: Door): Promise<void> {
    for (const fault of faults()) {
      const conversation = await Conversation.begin(door);
      // An answer after the fault, where it stops after some attempts.
      const events = await collect(conversation.stream([...fault, { t: 'text', value: 'done' }]));
      note(`turns over ${door.name}`, events.map((event) => toJsonString(GlobalEventSchema, event, { registry: protoTypes })).join('\n'));
      note(
        `histories over ${door.name}`,
        JSON.stringify(await conversation.history(), (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
      );
    }
  }

  /** Tools whose bookkeeping names folders of the host, and an agent that wants to look outside. */
  async function useTools(door: Door): Promise<void> {
    const tool = (name: string, args: Record<string, unknown>): Operation => ({ t: 'tool', name, args });
    const conversation = await Conversation.begin(door);
    const long = tool('bash', { command: 'seq 1 60000', description: 'much' });
    const outside = tool('read', { filePath: join(opencode.root, 'outside.txt') });
    const written = tool('write', { filePath: join(opencode.workspace, 'made.txt'), content: 'made' });
    const events = await collect(conversation.stream([long], [written], [outside], [{ t: 'text', value: 'done' }]), (event) =>
      event.event.case === 'permissionCreated' ? conversation.answerPermission('reject', 'no') : undefined,
    );
    if (bodiesOf(events, 'permissionCreated').length === 0) throw new Error('nobody asked to read outside');
    note(`tools over ${door.name}`, events.map((event) => toJsonString(GlobalEventSchema, event, { registry: protoTypes })).join('\n'));
  }

  /** OpenCode quotes a configuration that it cannot read. */
  async function useBrokenDirectory(door: Door): Promise<void> {
    await mkdir(join(opencode.workspace, 'broken'), { recursive: true });
    await writeFile(
      join(opencode.workspace, 'broken', 'opencode.json'),
      `{"provider": {"p": {"options": {"region": "${secret('broken configuration')}"`,
    );
    const refusal = await Conversation.begin(door, { directory: 'broken' }).catch((error: unknown) => error);
    if (!(refusal instanceof CallError)) throw new Error('OpenCode reads what is broken');
    // A file of the workspace may be read and searched.
    await rm(join(opencode.workspace, 'broken'), { recursive: true });
    note(`broken directory over ${door.name}`, JSON.stringify({ ...refusal, message: refusal.message }));
  }

  async function get(path: string, init: RequestInit = {}): Promise<void> {
    const response = await fetch(`${gateway.httpUrl}${path}`, init);
    note(`${init.method ?? 'GET'} ${path.split('?')[0]}`, `${JSON.stringify([...response.headers])}${await response.text()}`);
  }

  async function crawlPages(): Promise<void> {
    const authorization = `Bearer ${secret('ACCESS_TOKEN')}`;
    for (const path of PAGES) await get(path, { headers: { authorization } });
    for (const accept of ['application/json', 'application/problem+json']) {
      const token = `access_token=${secret('token in a query')}`;
      await get(`/nowhere?${token}`, { headers: { authorization, accept } });
      await get(`/sessions?${token}`, { headers: { accept } });
      await get(`/sessions/ses_none?${token}`, { headers: { authorization, accept } });
      await get('/sessions', { headers: { authorization: `Bearer ${secret('another token')}`, accept } });
      await get('/files/..%2Foutside.txt', { headers: { authorization, accept } });
      const json = { authorization, accept, 'content-type': 'application/json' };
      await get('/sessions', { method: 'POST', headers: json, body: `{"title": ${secret('broken JSON')}` });
      await get('/messages', { method: 'POST', headers: { ...json, 'content-type': 'text/html' }, body: 'x' });
    }
  }

  beforeAll(async () => {
    await compileGateway();
    model = await ScriptedModel.start({ fill: (text) => text.replaceAll(/<<(.+?)>>/g, (_, place: string) => secret(place)) });
    opencode = await createOpencodeEnvironment({ modelUrl: model.url, config: configuration(model.url) });
    await start();
    const streams = doors.map((door) => door.stream(EventService.method.subscribeGlobalEvents, {}));
    const readings = streams.map(async (stream, index) => {
      const events = await collect(stream, (event) =>
        note(`all events over ${doors[index]?.name}`, toJsonString(GlobalEventSchema, event, { registry: protoTypes })),
      ).catch(() => []);
      return events.length;
    });
    for (const door of doors) {
      await failTurns(door);
      await useTools(door);
      await useBrokenDirectory(door);
      for (const [method, answer] of await crawl(door, () => makeKnown(door))) note(`${method} over ${door.name}`, answer);
    }
    const [failing = []] = faults();
    for (const [place, words] of await crawlA2A(gateway, { token: secret('ACCESS_TOKEN'), failing: script(failing), secret }))
      note(place, words);
    await crawlPages();
    for (const stream of streams) stream.cancel();
    await Promise.all(readings);
    gateway.process.kill('SIGTERM');
    await gateway.process.exited;
    note('the log', gateway.process.output);
  }, COMPILE_TIMEOUT_MS + 300_000);

  afterAll(async () => {
    for (const door of doors) door.close();
    await model.stop();
    await opencode.remove();
  });

  it('are planted in many places, and every method was called over every door', () => {
    const methods = protoServices.flatMap((service) => service.methods);
    const calls = [...said.keys()].filter((place) => /\/\w+ over /.test(place));

    expect(canaries.places.length).toBeGreaterThanOrEqual(30);
    expect(calls).toHaveLength(methods.length + methods.filter((method) => restRoutesOf(method).length > 0).length);
    expect(said.get('all events over gRPC')).toContain('sessionFailed');
    expect([...said.keys()].filter((place) => place.startsWith('A2A '))).toHaveLength(A2A_PLACES);
  });

  it('are told nowhere: in no answer, event, error, page, metric and log line', () => {
    const leaks = [...said].flatMap(([place, text]) => canaries.foundIn(text).map((what) => `${what}: ${place}`));

    expect(leaks).toEqual([]);
  });
});
