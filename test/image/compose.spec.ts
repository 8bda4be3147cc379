import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readConfig, settings } from '../../src/common/config/config.js';
import { configOf, parseStages } from './dockerfile.js';

const project = join(__dirname, '..', '..');
const text = readFileSync(join(project, 'docker-compose.yml'), 'utf8');
const schema = JSON.parse(readFileSync(join(__dirname, 'compose-spec.json'), 'utf8')) as Record<string, unknown>;
const stages = parseStages(readFileSync(join(project, 'Dockerfile'), 'utf8'));

interface Service {
  readonly image: string;
  readonly build: { readonly target: string };
  readonly profiles: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly env_file?: readonly unknown[];
  readonly ports?: readonly string[];
  readonly volumes: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly healthcheck: { readonly test: readonly string[] };
}

const compose = parse(text, { merge: true }) as { services: Record<string, Service>; volumes: object };
const services = Object.entries(compose.services);
/** Those that run the gateway, and not OpenCode alone. */
const gateways = services.filter(([, { entrypoint }]) => entrypoint === undefined);

function problemsOf(value: unknown): unknown[] {
  const ajv = new Ajv({ strict: false, logger: false });
  addFormats.default(ajv);
  const valid = ajv.compile({ ...schema, $schema: 'http://json-schema.org/draft-07/schema' });
  return valid(value) ? [] : (valid.errors ?? []);
}

describe('docker-compose.yml', () => {
  it('is what the Compose specification allows', () => {
    expect(problemsOf(compose)).toEqual([]);
    expect(problemsOf({ ...compose, services: { gateway: { imagge: 'x' } } })).not.toEqual([]);
  });

  it('runs both images, each behind a profile of its own', () => {
    expect(gateways.map(([name, { profiles, build }]) => [name, profiles, build.target])).toEqual([
      ['all-in-one', ['all-in-one'], 'all-in-one'],
      ['gateway', ['split'], 'gateway'],
    ]);
    for (const [, { build, image }] of services) {
      const { labels } = configOf(stages, build.target);
      expect(image).toBe(
        `ghcr.io/opencode-gateway/${labels['org.opencontainers.image.title']}:${labels['org.opencontainers.image.version']}`,
      );
    }
  });

  it.each(services)('gives %s no right that it does not need', (_, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(service).not.toHaveProperty('privileged');
    expect(service).not.toHaveProperty('user');
    expect(service.healthcheck.test[0]).toBe('CMD');
  });

  it('waits longer for an end than the gateway takes', () => {
    const { DRAIN_DELAY_MS, DRAIN_TIMEOUT_MS } = readConfig({});
    for (const [, service] of services) expect(service).toHaveProperty('stop_grace_period', '30s');
    expect(DRAIN_DELAY_MS + DRAIN_TIMEOUT_MS).toBeLessThan(30_000);
  });

  it.each(gateways)('sets only what %s reads, and lets in who shows a token', (_, { environment = {}, build, ports }) => {
    const config = readConfig({ ...configOf(stages, build.target).env, ...environment });

    expect(Object.keys(environment).filter((name) => !(name in settings))).toEqual([]);
    expect(config.ACCESS_TOKENS_FILE).toBe('/run/secrets/access-tokens');
    expect(config.ACCESS_ANONYMOUS).toBe(false);
    expect(ports).toEqual([config.GRPC_PORT, config.HTTP_PORT].map((port) => `127.0.0.1:${port}:${port}`));
  });

  it('keeps keys of models from a gateway that runs no OpenCode', () => {
    const { gateway, opencode } = compose.services;

    expect(gateway?.env_file).toEqual(['opencode-server.env']);
    expect(opencode?.env_file).toEqual(['opencode-server.env', { path: 'opencode.env', required: false }]);
    expect(opencode?.ports).toBeUndefined();
  });

  it('shows the gateway the workspace under the path that OpenCode has it under', () => {
    const { gateway, opencode } = compose.services;

    expect(gateway?.volumes).toEqual(['workspace:/workspace']);
    expect(opencode?.volumes).toContain('workspace:/workspace');
    expect(gateway?.environment?.['OPENCODE_WORKSPACE_ROOT']).toBe('/workspace');
  });

  it('gives OpenCode a place to write to, and to load libraries from', () => {
    for (const [, { build, volumes, tmpfs = [] }] of services.filter(([, { build }]) => build.target === 'all-in-one')) {
      expect(volumes.map((volume) => volume.split(':')[1])).toEqual(configOf(stages, build.target).volumes);
      expect(tmpfs.filter((one) => /^\/tmp:(.*,)?exec,/.test(one))).toHaveLength(1);
    }
  });
});
