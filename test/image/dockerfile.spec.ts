import dockerignore from '@balena/dockerignore';
import { validate } from 'dockerfile-utils';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allowsAnonymous, readConfig, settings } from '../../src/common/config/config.js';
import { isSecretName } from '../../src/common/redaction/log-scrubber.js';
import { configOf, lineageOf, parseStages } from './dockerfile.js';

const project = join(__dirname, '..', '..');
const read = (name: string): string => readFileSync(join(project, name), 'utf8');
const packageJson = JSON.parse(read('package.json')) as { version: string; license: string; optionalDependencies: Record<string, string> };
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { os?: string[]; cpu?: string[] }> };

const stages = parseStages(read('Dockerfile'));
const TARGETS = ['gateway', 'all-in-one'];
const copies = stages.flatMap(({ name, steps }) =>
  steps.filter(({ keyword }) => keyword === 'COPY').map((step) => ({ stage: name, ...step })),
);

/** Variables that are not ours: of Node, of the system, and of OpenCode. */
const FOREIGN = ['NODE_ENV', 'HOME', 'XDG_CONFIG_HOME', 'OPENCODE_DISABLE_AUTOUPDATE'];

describe('the Dockerfile', () => {
  it('has nothing that a linter minds', () => {
    expect(validate(read('Dockerfile'))).toEqual([]);
  });

  it('is read by a linter that minds things', () => {
    expect(validate('FROM node:24\nWORKDIR here\nEXPOSE nowhere\n')).toHaveLength(2);
  });

  it('makes both images, and stands on one base that nobody can change', () => {
    const bases = stages.map(({ base }) => base).filter((base) => !stages.some(({ name }) => name === base));

    expect(stages.map(({ name }) => name)).toEqual(expect.arrayContaining(TARGETS));
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/^docker\.io\/library\/node:24\.\d+\.\d+-bookworm-slim@sha256:[\da-f]{64}$/);
  });

  it('installs what the lock file says, and runs no script of a package', () => {
    const installs = stages.flatMap(({ steps }) => steps.filter(({ text }) => /\bnpm (ci|i|install|add)\b/.test(text)));

    expect(installs.length).toBeGreaterThan(0);
    for (const { text } of installs) expect(text).toMatch(/\bnpm ci .*--ignore-scripts/);
  });

  it('copies only what is there, what .dockerignore lets through, and what an earlier stage made', () => {
    const ignored = dockerignore.default().add(read('.dockerignore').split('\n'));
    const sources = copies.flatMap(({ stage, flags, words }) =>
      words.slice(0, -1).map((source) => ({ stage, from: flags['from'], source })),
    );
    const ofContext = sources.filter(({ from }) => from === undefined).map(({ source }) => source);
    const foreign = sources.filter(({ from }) => from !== undefined);

    expect(ofContext.filter((source) => !existsSync(join(project, source)) || ignored.ignores(source))).toEqual([]);
    expect(ofContext).toEqual(expect.arrayContaining(['package.json', 'package-lock.json', 'src']));
    for (const { stage, from } of foreign) {
      const names = stages.map(({ name }) => name);
      expect(names.slice(0, names.indexOf(stage))).toContain(from);
    }
    expect(stages.flatMap(({ steps }) => steps).filter(({ keyword }) => keyword === 'ADD')).toEqual([]);
  });

  it('sends nothing to the builder but what it copies', () => {
    const ignored = dockerignore.default().add(read('.dockerignore').split('\n'));
    const tracked = execFileSync('git', ['ls-files'], { cwd: project, encoding: 'utf8' }).trim().split('\n');
    const dangers = [
      '.env',
      '.git/config',
      'node_modules/zod/package.json',
      'dist/main.js',
      'access-tokens.json',
      'opencode.env',
      'key.pem',
    ];
    const copied = copies.filter(({ flags }) => flags['from'] === undefined).flatMap(({ words }) => words.slice(0, -1));

    const sent = tracked.filter((file) => !ignored.ignores(file));

    expect(sent.filter((file) => !copied.some((source) => file === source || file.startsWith(`${source}/`)))).toEqual([]);
    expect(sent).toContain('src/main.ts');
    expect(sent.filter((file) => file.endsWith('.spec.ts'))).toEqual([]);
    expect(dangers.filter((file) => !ignored.ignores(file))).toEqual([]);
  });

  it('has no secret in what everybody can read of an image', () => {
    const named = stages.flatMap(({ steps }) => steps.flatMap(({ properties }) => Object.keys(properties))).filter(isSecretName);

    expect(named).toEqual([]);
    expect(read('Dockerfile')).not.toMatch(/^ARG .*(TOKEN|SECRET|PASSWORD|KEY)/im);
  });

  it('leaves OpenCode out of the gateway alone', () => {
    const made = (target: string): string =>
      lineageOf(stages, target)
        .flatMap(({ steps }) => steps.map(({ text }) => text))
        .join('\n');

    for (const name of Object.keys(packageJson.optionalDependencies)) {
      expect(made('gateway')).not.toContain(name);
      expect(made('all-in-one')).toContain(`node_modules/${name}`);
      // Elsewhere npm leaves them out, and the build says so.
      expect(lock.packages[`node_modules/${name}`]).toMatchObject({ os: ['linux'], cpu: ['x64'] });
    }
  });

  describe.each(TARGETS)('makes %s', (target) => {
    const config = configOf(stages, target);

    it('run as a numeric user that is not root', () => {
      expect(config.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    });

    it('be asked after its health by its own command', () => {
      expect(config.healthcheck?.words).toEqual(['opencode-gateway', 'healthcheck']);
      expect(config.healthcheck?.flags).toMatchObject({ interval: '15s', timeout: '5s' });
    });

    it('start without a shell between it and signals', () => {
      expect(config.entrypoint.at(-1)).toBe('opencode-gateway');
      expect(config.command).toEqual(['serve']);
      expect(config.entrypoint).not.toContain('sh');
    });

    it('listen where containers listen, at the ports that are exposed, and for nobody without a token', () => {
      const { GRPC_PORT, HTTP_PORT, HOST } = readConfig(config.env);

      expect(HOST).toBe('0.0.0.0');
      expect(config.ports).toEqual([String(GRPC_PORT), String(HTTP_PORT)]);
      expect(() => allowsAnonymous(readConfig(config.env))).toThrow(/no ACCESS_TOKEN/);
    });

    it('set only variables that somebody reads', () => {
      expect(Object.keys(config.env).filter((name) => !(name in settings) && !FOREIGN.includes(name))).toEqual([]);
    });

    it('say what it is', () => {
      const label = (name: string): string | undefined => config.labels[`org.opencontainers.image.${name}`];

      expect(label('title')).toBe(target === 'gateway' ? 'opencode-gateway' : `opencode-gateway-${target}`);
      expect(label('version')).toBe(packageJson.version);
      expect(label('licenses')).toBe(packageJson.license);
      expect(`${label('base.name')}@${label('base.digest')}`).toBe(stages[0]?.base);
      expect([label('description'), label('revision'), label('source'), label('documentation')]).not.toContain(undefined);
    });
  });

  it('keeps what the agent works on, and what OpenCode remembers, outside of the image', () => {
    const config = configOf(stages, 'all-in-one');

    expect(config.volumes).toEqual([config.env['OPENCODE_WORKSPACE_ROOT'], config.env['HOME']]);
  });

  it('reads no file of the project that a gateway would miss', () => {
    const kept = new Set(['LICENSE', 'package.json', 'dist', 'node_modules']);
    const inImage = copies.filter(({ stage }) => stage === 'gateway').flatMap(({ words }) => words.slice(0, -1));

    expect(new Set(inImage.map((source) => source.replace('/app/', '')))).toEqual(kept);
    expect(readdirSync(project)).toEqual(expect.arrayContaining(['LICENSE', 'package.json']));
  });
});
