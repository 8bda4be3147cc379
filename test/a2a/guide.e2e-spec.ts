import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { script } from '../support/script.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TOKEN = '7f3c9a01be52d846';
const guide = readFileSync(join(__dirname, '..', '..', 'docs', 'a2a.md'), 'utf8');

/** Every command of the guide that calls the gateway; a command may go over lines. */
const commands = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)]
  .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
  .filter((line) => line.startsWith('curl '));

/** What the model is to say instead of answering the guide's questions. */
const ANSWER = JSON.stringify(script([{ t: 'text', value: 'A story.' }])).slice(1, -1);

/** The task has ended when these come: it cannot be canceled, followed or answered any more. */
function statusOf(command: string): number {
  return /:cancel|:subscribe|"m6"/.test(command) ? 400 : 200;
}

describe("the guide's commands", () => {
  let test: TestGateway;
  let taskId: string;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { A2A_BEARER_TOKEN: TOKEN } });
    const { output } = await run(commands.find((command) => command.includes('"m1"')) ?? '');
    taskId = (JSON.parse(output) as { task: { id: string } }).task.id;
  });

  afterAll(() => test.stop());

  async function run(command: string): Promise<{ readonly output: string; readonly status: number }> {
    const line = command
      .replace(/(What is in this directory\?|Tell me a story\.)/, ANSWER)
      .replace(/^curl /, String.raw`curl -sS -m 30 -w '\n%{http_code}' `);
    const env = { PATH: process.env['PATH'], URL: test.httpUrl, TOKEN, TASK: taskId, LAST: 'none.1' };
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { env });
    const cut = stdout.lastIndexOf('\n');
    return { output: stdout.slice(0, cut), status: Number(stdout.slice(cut + 1)) };
  }

  it.each(commands)('%s', async (command) => {
    const { output, status } = await run(command);

    expect({ status, output }).toEqual({ status: statusOf(command), output: expect.stringMatching(/\S/) as string });
    // JSON-RPC tells failures with 200, too.
    expect(status === 200 && output.includes('"error":')).toBe(false);
  });
});
