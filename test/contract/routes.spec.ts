import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DescMethod } from '@bufbuild/protobuf';
import type { FastifyInstance } from 'fastify';
import { ROUTE_SCOPES } from '../../src/common/access/scopes.js';
import { readConfig, settings } from '../../src/common/config/config.js';
import { methodPath, protoServices } from '../../src/common/grpc/proto-types.js';
import type { GatewayGrpcServer } from '../../src/common/grpc/gateway-grpc-server.js';
import { restRoutesOf } from '../../src/common/http/rest-rule.js';
import { contractContext } from '../../src/modules/a2a/contracts/contract-context.js';
import { a2aOpenapi } from '../../src/modules/a2a/openapi/a2a-openapi.mapper.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const readme = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');
/** The contract itself, as documents and as a page; the gateway's numbers; and the card of A2A. */
const beside = Object.keys(ROUTE_SCOPES);
const methods: readonly DescMethod[] = protoServices.flatMap((service) => service.methods);

function routeNames(method: DescMethod): string[] {
  return restRoutesOf(method).map(({ verb, path }) => `${verb.toUpperCase()} ${path}`);
}

/** `| Service.Method | VERB /path | state |`, as the README's table has it. */
function readmeRow(method: DescMethod): { readonly route: string; readonly state: string } | undefined {
  const name = methodPath(method).slice(1).replace('/', '.');
  const row = new RegExp(`^\\| \`${name.replaceAll('.', '\\.')}\` \\| (.*?) \\| (.*?) \\|$`, 'm').exec(readme);
  return row === null ? undefined : { route: row[1] ?? '', state: row[2] ?? '' };
}

describe('the contract', () => {
  let test: TestGateway;
  let fastify: FastifyInstance;

  beforeAll(async () => {
    test = await startTestGateway();
    fastify = test.gateway.app.getHttpAdapter().getInstance();
  });

  afterAll(() => test.stop());

  it('has every one of its routes on the HTTP door', () => {
    const missing = methods.flatMap(restRoutesOf).filter(({ verb, path }) => !fastify.hasRoute({ method: verb.toUpperCase(), url: path }));

    expect(missing).toEqual([]);
  });

  it('knows every route of the HTTP door', () => {
    const known = new Set([...methods.flatMap(routeNames), ...beside.map((path) => `GET ${path}`), ...routesOfA2A()]);

    const served = servedRoutes(fastify).map((route) => (known.has(route) ? route : asTemplate(route)));

    expect(served.filter((route) => !known.has(route))).toEqual([]);
    expect(served.length).toBe(known.size);
  });

  it('has every method in the README, with its route', () => {
    const differing = methods.filter((method) => {
      const routes = routeNames(method).map((route) => `\`${route}\``);
      return readmeRow(method)?.route !== (routes.length === 0 ? '–' : routes.join(', '));
    });

    expect(differing.map(methodPath)).toEqual([]);
  });

  it('has the README say which methods are built, and no other answers', () => {
    const [microservice] = test.gateway.app.getMicroservices();
    const grpc = (microservice as unknown as { readonly serverInstance: GatewayGrpcServer }).serverInstance;

    const built = methods.filter((method) => grpc.implements(method)).map(methodPath);
    const claimed = methods.filter((method) => readmeRow(method)?.state === 'works').map(methodPath);
    const unbuilt = methods.filter((method) => readmeRow(method)?.state === 'UNIMPLEMENTED').map(methodPath);

    expect(claimed).toEqual(built);
    expect([...claimed, ...unbuilt].sort()).toEqual(methods.map(methodPath).sort());
  });

  it('has every setting in the README, with its default', () => {
    const differing = Object.entries(settings).filter(([name, setting]) => {
      const row = new RegExp(`^\\| \`${name}\` \\| (.*?) \\| (.*?) \\|$`, 'm').exec(readme);
      const parsed = setting.safeParse(undefined);
      const fallback = parsed.success ? parsed.data : undefined;
      const written = fallback === undefined ? '–' : `\`${[fallback].flat().join(',')}\``;
      return row?.[1] !== written || row[2] !== setting.description;
    });

    expect(differing.map(([name]) => name)).toEqual([]);
  });
});

/** Those that the OpenAPI document has, but for the card's, which are in the table of scopes. */
function routesOfA2A(): string[] {
  const { paths } = a2aOpenapi(contractContext(readConfig({})));
  const routes = Object.entries(paths).flatMap(([path, verbs]) => Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`));
  return routes.filter((route) => !route.includes('.well-known'));
}

/** `:name` and `:name(pattern):` as `{name}`; a task's id is called as the contracts call it. */
function asTemplate(route: string): string {
  return route.replaceAll(/\/:(\w+)(?:\([^)]*\):)?/g, '/{$1}').replace('{taskId}', '{id}');
}

/** Fastify prints its routes as a tree; each leaf is one path with its methods. HEAD goes with every GET. */
function servedRoutes(fastify: FastifyInstance): string[] {
  const stack: string[] = [];
  return fastify
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const match = /^((?:[│ ] {3})*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?$/.exec(line);
      if (match === null) return [];
      const depth = (match[1] ?? '').length / 4;
      stack.length = depth;
      stack.push(match[2] ?? '');
      // The tree leaves out the slash before a wildcard.
      const path = stack.join('').replace(/([^/])\*$/, '$1/*');
      return (match[3] ?? '').split(', ').flatMap((verb) => (verb === '' || verb === 'HEAD' ? [] : [`${verb} ${path}`]));
    });
}
