import { join } from 'node:path';
import { COMPILE_TIMEOUT_MS, compileGateway } from '../support/compiled-gateway.js';
import { OpencodeServer } from '../support/opencode-server.js';
import { TestProcess } from '../support/process.js';
import { script } from '../support/script.js';

const main = join(__dirname, '..', '..', 'dist', 'main.js');
const TOKEN = '7f3c9a01be52d846';

/** With nothing but what is given: no setting of ours comes from around. */
function start(environment: NodeJS.ProcessEnv, ...parameters: string[]): TestProcess {
  return new TestProcess(process.execPath, [main, ...parameters], { PATH: process.env['PATH'], ...environment });
}

describe("the process with opencode-a2a-server's settings", () => {
  beforeAll(compileGateway, COMPILE_TIMEOUT_MS);

  it.each([
    ['--help', /^Usage: /],
    ['--version', /^\d+\.\d+\.\d+$/],
  ])('T126 %s needs no settings', async (option, words) => {
    const gateway = start({ A2A_PORT: 'nonsense' }, option);

    expect(await gateway.exited).toBe(0);
    expect(gateway.output.trim()).toMatch(words);
  });

  it.each([
    ['T127 without a token on an address that others reach', { A2A_HOST: '0.0.0.0' }, /no ACCESS_TOKEN is set/],
    ['T127 with a blank token', { A2A_BEARER_TOKEN: '' }, /^opencode-gateway: A2A_BEARER_TOKEN: must have at least 16 characters/],
    ['with a token that can be guessed', { A2A_BEARER_TOKEN: 'test-token' }, /^opencode-gateway: A2A_BEARER_TOKEN: must have at least 16/],
    ['T129 with a negative size', { A2A_MAX_REQUEST_BODY_BYTES: '-1' }, /^opencode-gateway: A2A_MAX_REQUEST_BODY_BYTES: /],
    ['with two ports', { A2A_PORT: '1', HTTP_PORT: '2' }, /^opencode-gateway: A2A_PORT: is the same as HTTP_PORT/],
    ['with A2A and no door', { TRANSPORTS: 'a2a' }, /^opencode-gateway: TRANSPORTS: a2a has no door of its own; add http or grpc$/],
  ])('does not start %s, and says why in one line', async (_, environment, line) => {
    const gateway = start({ A2A_LOG_LEVEL: 'CRITICAL', ...environment });

    expect(await gateway.exited).toBe(1);
    expect(gateway.output.trim()).toMatch(line);
    expect(gateway.output.trim().split('\n')).toHaveLength(1);
  });

  it('starts with these alone, and works', async () => {
    const opencode = await OpencodeServer.start();
    const gateway = start(
      {
        A2A_BEARER_TOKEN: TOKEN,
        OPENCODE_BASE_URL: opencode.url,
        OPENCODE_WORKSPACE_ROOT: opencode.environment.workspace,
        A2A_HOST: '127.0.0.1',
        A2A_PORT: '0',
        A2A_LOG_LEVEL: 'WARNING',
        // Nothing of theirs: their servers had no such port, and others may have this one.
        GRPC_PORT: '0',
      },
      'serve',
    );
    const [, url] = await gateway.says(/HTTP {2}(\S+)/);
    const send = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${url}/v1/message:send`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({
          message: { messageId: 'm1', role: 'ROLE_USER', content: [{ text: script([{ t: 'text', value: 'hello there' }]) }] },
        }),
      });

    const refused = await send({});
    const answer = await send({ authorization: `Bearer ${TOKEN}` });

    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Bearer/)]);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ task: { status: { state: 'TASK_STATE_COMPLETED' } } });
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    await opencode.stop();
  });
});
