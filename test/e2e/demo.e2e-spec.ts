import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { demoCommands } from '../../demo/commands.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const run = promisify(execFile);

describe('the demo', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { bash: 'ask' } });
  });

  afterAll(() => test.stop());

  it('prints commands that work as they are printed', async () => {
    const commands = demoCommands(test.httpUrl, test.grpcAddress).filter(({ needs }) => needs === 'curl');

    // One shell for all, as in a terminal: later commands use what earlier ones found out.
    const { stdout } = await run('/bin/sh', ['-c', commands.map(({ command }) => command).join('\necho\n')]);

    expect(stdout).toContain('HEALTH_STATUS_SERVING');
    expect(stdout).toContain('messageCompleted');
    expect(stdout).toMatch(/^ses_\w+$/m);
    expect(stdout).toContain('The command said hello.');
    expect(stdout).not.toContain('"code":');
  });

  it('prints a gRPC command whose method and fields exist', async () => {
    const [{ command } = { command: '' }] = demoCommands(test.httpUrl, test.grpcAddress).filter(({ needs }) => needs === 'grpcurl');
    const match = /^grpcurl -plaintext -d '(.*)' (\S+) (\S+)$/.exec(command);

    const { stdout } = await run('node_modules/.bin/buf', [
      'curl',
      '--protocol',
      'grpc',
      '--http2-prior-knowledge',
      '-d',
      match?.[1] ?? '',
      `http://${match?.[2]}/${match?.[3]}`,
    ]);

    expect(stdout).toContain('messageCompleted');
  });
});
