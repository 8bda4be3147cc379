import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { COMPILE_TIMEOUT_MS, compileGateway } from '../support/compiled-gateway.js';
import { createOpencodeEnvironment, type OpencodeEnvironment } from '../support/opencode-environment.js';
import { TestAuthority } from '../support/test-authority.js';
import { processesWith, TestProcess } from '../support/process.js';

const project = join(__dirname, '..', '..');
const main = join(project, 'dist', 'main.js');

describe('the process', () => {
  let opencode: OpencodeEnvironment;
  let environment: NodeJS.ProcessEnv;

  beforeAll(async () => {
    await compileGateway();
    // No model is called here.
    opencode = await createOpencodeEnvironment({ modelUrl: 'http://127.0.0.1:9/v1' });
    environment = {
      PATH: process.env['PATH'],
      ...opencode.env,
      OPENCODE_WORKSPACE_ROOT: opencode.workspace,
      GRPC_PORT: '0',
      HTTP_PORT: '0',
    };
  }, COMPILE_TIMEOUT_MS);

  afterAll(() => opencode.remove());

  function start(settings: NodeJS.ProcessEnv = {}, parameters: readonly string[] = []): TestProcess {
    return new TestProcess(process.execPath, [main, ...parameters], { ...environment, ...settings });
  }

  async function untilGone(): Promise<void> {
    while (processesWith(opencode.root).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  it('says where it listens and what to type, and ends OpenCode with itself on Ctrl-C', async () => {
    const gateway = start();
    const [, grpcAddress] = await gateway.says(/gRPC {2}(127\.0\.0\.1:\d+) {3}try: grpcurl -plaintext \S+ \S+/);
    const [, httpUrl] = await gateway.says(/HTTP {2}(http:\/\/127\.0\.0\.1:\d+) {3}try: curl \S+/);
    const health = await fetch(`${httpUrl}/health`);
    const running = processesWith(opencode.root).length;

    gateway.kill('SIGINT');

    expect(await gateway.exited).toBe(0);
    await untilGone();
    expect(grpcAddress).toBeDefined();
    expect(health.status).toBe(200);
    // The gateway, OpenCode, and the shell that ties the one to the other.
    expect(running).toBeGreaterThanOrEqual(3);
  });

  it('says so when it speaks TLS', async () => {
    const { cert, key } = await (await TestAuthority.create()).issueForServer();
    const paths = { TLS_CERT_FILE: join(opencode.root, 'cert.pem'), TLS_KEY_FILE: join(opencode.root, 'key.pem') };
    writeFileSync(paths.TLS_CERT_FILE, cert);
    writeFileSync(paths.TLS_KEY_FILE, key);
    const gateway = start(paths);

    await gateway.says(/gRPC {2}\S+ {3}try: grpcurl 127\.0\.0\.1:\d+ \S+/);
    await gateway.says(/HTTP {2}https:\/\/127\.0\.0\.1:\d+ {3}try: curl https:/);

    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
  });

  it('kills an OpenCode that hangs, and starts another', async () => {
    const gateway = start({ OPENCODE_HANG_S: '2' });
    const [, httpUrl] = await gateway.says(/HTTP {2}(http:\/\/127\.0\.0\.1:\d+)/);
    await gateway.says(/OpenCode is ready/);
    const [hanging = 0] = processesWith(opencode.root, /^[^\0]*opencode\0serve/);

    process.kill(hanging, 'SIGSTOP');

    await gateway.says(/answered nothing for 2 s; killing it/);
    const others = (): number[] => processesWith(opencode.root, /^[^\0]*opencode\0serve/).filter((pid) => pid !== hanging);
    while (others().length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await (await fetch(`${httpUrl}/metrics`)).text()).toMatch(/^opencode_gateway_opencode_hang_kills_total 1$/m);
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
  });

  it('ends at once, and OpenCode with it, when it is told to before it has started', async () => {
    const gateway = start();
    while (processesWith(opencode.root, /^[^\0]*opencode\0serve/).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));

    gateway.kill('SIGTERM');

    expect(await gateway.exited).toBe(0);
    expect(gateway.output).not.toContain('is ready');
    await untilGone();
  });

  it('leaves no OpenCode behind when it is killed', async () => {
    const gateway = start();
    await gateway.says(/is ready/);

    gateway.kill('SIGKILL');

    await gateway.exited;
    await untilGone();
  });

  it('starts OpenCode again when that is killed', async () => {
    const gateway = start({ LOG_LEVEL: 'info' });
    const [, httpUrl] = await gateway.says(/HTTP {2}(\S+)/);
    const [opencodePid] = processesWith(opencode.root, /^[^\0]*opencode\0serve/);
    if (opencodePid === undefined) throw new Error('OpenCode does not run');

    process.kill(opencodePid, 'SIGKILL');

    await gateway.says(/OpenCode ended .*restarting/);
    let status = 0;
    while (status !== 200) {
      status = (await fetch(`${httpUrl}/sessions`)).status;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    await untilGone();
  });

  it('opens only the doors it is told to', async () => {
    const gateway = start({ TRANSPORTS: 'http' });

    await gateway.says(/HTTP {2}\S+/);

    expect(gateway.output).not.toContain('gRPC  ');
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
  });

  it.each([
    ['a port that is no number', { GRPC_PORT: 'abc' }, /^opencode-gateway: GRPC_PORT: /],
    ['a flag that is neither true nor false', { OPENCODE_DEBUG: 'maybe' }, /^opencode-gateway: OPENCODE_DEBUG: /],
    ['an unknown transport', { TRANSPORTS: 'grpc,carrier-pigeon' }, /^opencode-gateway: TRANSPORTS: /],
    ['a short token', { ACCESS_TOKEN: 'short' }, /^opencode-gateway: ACCESS_TOKEN: must have at least 16 characters/],
    ['a placeholder as a token', { ACCESS_TOKEN: 'changeme-changeme' }, /^opencode-gateway: ACCESS_TOKEN: must not be a placeholder/],
    [
      'half of the settings for JSON Web Tokens',
      { ACCESS_JWT_ISSUER: 'https://issuer.example', ACCESS_JWT_AUDIENCE: 'gateway' },
      /^opencode-gateway: ACCESS_JWT_JWKS_URL: must be set when ACCESS_JWT_ISSUER is/,
    ],
    [
      'a certificate without its key',
      { TLS_CERT_FILE: '/nowhere/cert.pem' },
      /^opencode-gateway: TLS_KEY_FILE: must be set when TLS_CERT_FILE is/,
    ],
    [
      'a certificate that is not there',
      { TLS_CERT_FILE: '/nowhere/cert.pem', TLS_KEY_FILE: '/nowhere/key.pem' },
      /^opencode-gateway: TLS_CERT_FILE: \/nowhere\/cert\.pem cannot be read \(ENOENT\)/,
    ],
    ['an empty token', { ACCESS_TOKEN: '' }, /^opencode-gateway: ACCESS_TOKEN: /],
    [
      'a network address without a token',
      { HOST: '0.0.0.0' },
      /^opencode-gateway: HOST: 0\.0\.0\.0 is not loopback and no ACCESS_TOKEN is set/,
    ],
    [
      'an address of another machine',
      { HOST: '192.0.2.1', ACCESS_ANONYMOUS: 'true' },
      /^opencode-gateway: HOST: 192\.0\.2\.1 is no address of this machine/,
    ],
    [
      'a workspace that is not there',
      { OPENCODE_WORKSPACE_ROOT: '/nowhere/at/all' },
      /^opencode-gateway: OPENCODE_WORKSPACE_ROOT: \/nowhere\/at\/all is not a directory/,
    ],
    [
      'an OpenCode that is not there',
      { OPENCODE_BIN: '/nowhere/opencode' },
      /^opencode-gateway: OPENCODE_BIN: \/nowhere\/opencode is not an executable file/,
    ],
    ['an OpenCode that ends at once', { OPENCODE_BIN: '/bin/false' }, /^opencode-gateway: OpenCode ended \(code 1\) before it answered/],
    ['an OpenCode at no address', { OPENCODE_BASE_URL: 'nonsense' }, /^opencode-gateway: OPENCODE_BASE_URL: /],
  ])('stops with one clear line on %s', async (_, settings, line) => {
    const gateway = start({ LOG_LEVEL: 'fatal', ...settings });

    expect(await gateway.exited).toBe(1);
    expect(gateway.output.trim().split('\n')).toHaveLength(1);
    expect(gateway.output).toMatch(line);
  });

  it('repeats no secret of what an OpenCode says that does not start', async () => {
    const binary = join(opencode.root, 'talker.sh');
    await writeFile(binary, '#!/bin/sh\necho "cannot use $PLANTED_API_KEY"\nexit 1\n', { mode: 0o755 });

    const gateway = start({ LOG_LEVEL: 'fatal', OPENCODE_BIN: binary, PLANTED_API_KEY: 'the-key-itself' });

    expect(await gateway.exited).toBe(1);
    expect(gateway.output.trim()).toBe('opencode-gateway: OpenCode ended (code 1) before it answered: cannot use [PLANTED_API_KEY]');
  });

  it.each(['GRPC_PORT', 'HTTP_PORT'])('stops with one clear line when %s is taken', async (setting) => {
    const taken: Server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const port = String((taken.address() as AddressInfo).port);

    const gateway = start({ LOG_LEVEL: 'fatal', [setting]: port });

    expect(await gateway.exited).toBe(1);
    expect(gateway.output.trim()).toBe(`opencode-gateway: ${setting}: port ${port} on 127.0.0.1 is taken`);
    await untilGone();
    taken.close();
  });

  it('says which command it does not know', async () => {
    const gateway = start({}, ['dance']);

    expect(await gateway.exited).toBe(1);
    expect(gateway.output.trim()).toBe('opencode-gateway: unknown command: dance; try help');
  });
});
