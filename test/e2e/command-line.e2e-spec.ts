import { join } from 'node:path';
import { COMPILE_TIMEOUT_MS, compileGateway, startCompiledGateway } from '../support/compiled-gateway.js';
import { createOpencodeEnvironment, type OpencodeEnvironment } from '../support/opencode-environment.js';
import { TestProcess } from '../support/process.js';

const main = join(__dirname, '..', '..', 'dist', 'main.js');

describe('the command line', () => {
  let opencode: OpencodeEnvironment;

  beforeAll(async () => {
    await compileGateway();
    // No model is called here.
    opencode = await createOpencodeEnvironment({ modelUrl: 'http://127.0.0.1:9/v1' });
  }, COMPILE_TIMEOUT_MS);

  afterAll(() => opencode.remove());

  async function run(parameters: readonly string[], settings: NodeJS.ProcessEnv = {}): Promise<{ code: unknown; lines: string[] }> {
    const command = new TestProcess(process.execPath, [main, ...parameters], { PATH: process.env['PATH'], ...settings });
    return { code: await command.exited, lines: command.output.trim().split('\n') };
  }

  it.each([
    ['http', 'HTTP_PORT'],
    ['grpc', 'GRPC_PORT'],
  ])('asks a gateway after its health over %s, with its own settings', async (TRANSPORTS, setting) => {
    const opened = await startCompiledGateway({ ...opencode.env, OPENCODE_WORKSPACE_ROOT: opencode.workspace, LOG_LEVEL: 'error' });
    const address = TRANSPORTS === 'http' ? opened.httpUrl : opened.grpcAddress;
    const settings = { TRANSPORTS, [setting]: /\d+$/.exec(address)?.[0] };

    const healthy = [await run(['healthcheck'], settings), await run(['healthcheck', '--ready'], settings)];
    opened.process.kill('SIGTERM');
    await opened.process.exited;
    const gone = await run(['healthcheck'], settings);

    for (const { code, lines } of healthy) expect({ code, lines }).toEqual({ code: 0, lines: [expect.stringMatching(/answers/)] });
    expect(gone).toEqual({ code: 1, lines: [expect.stringMatching(/^opencode-gateway: .*ECONNREFUSED/)] });
  });

  it('tells the settings that are in force', async () => {
    const { code, lines } = await run(['config'], { HTTP_PORT: '1234', ACCESS_TOKEN: '7f3c9a01be52d846' });

    expect(code).toBe(0);
    expect(lines).toEqual(expect.arrayContaining(['HTTP_PORT=1234', 'GRPC_PORT=8080', 'ACCESS_TOKEN=***']));
  });

  it.each([
    ['is wrong', { HTTP_PORT: 'abc' }, /^opencode-gateway: HTTP_PORT: /],
    ['would open the gateway to a network', { HOST: '0.0.0.0' }, /^opencode-gateway: HOST: 0\.0\.0\.0 is not loopback/],
  ])('says in one line which setting %s', async (_, settings, line) => {
    expect(await run(['config'], settings)).toEqual({ code: 1, lines: [expect.stringMatching(line)] });
  });

  it.each([['dance'], ['healthcheck --fast'], ['serve now']])('does not know %s', async (command) => {
    expect(await run(command.split(' '))).toEqual({ code: 1, lines: [`opencode-gateway: unknown command: ${command}; try help`] });
  });

  it.each([
    ['help', /^Usage: opencode-gateway/],
    ['--version', /^\d+\.\d+\.\d+$/],
  ])('answers %s', async (command, line) => {
    const { code, lines } = await run([command]);

    expect(code).toBe(0);
    expect(lines[0]).toMatch(line);
  });
});
