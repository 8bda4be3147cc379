/** Starts the compiled gateway as its users do, and runs one real prompt through the real OpenCode. */
import { spawn } from 'node:child_process';
import { createOpencodeEnvironment } from '../.cache/tools/test/support/opencode-environment.js';
import { script, ScriptedModel } from '../.cache/tools/test/support/scripted-model.js';

const model = await ScriptedModel.start();
const opencode = await createOpencodeEnvironment({ modelUrl: model.url });
const environment = {
  PATH: process.env.PATH,
  ...opencode.env,
  OPENCODE_WORKSPACE_ROOT: opencode.workspace,
  GRPC_PORT: '0',
  HTTP_PORT: '0',
};
const gateway = spawn(process.execPath, ['dist/main.js'], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });

try {
  const url = await new Promise((resolve, reject) => {
    let output = '';
    gateway.stdout.on('data', (chunk) => {
      output += chunk;
      const match = /HTTP {2}(\S+)/.exec(output);
      if (match !== null) resolve(match[1]);
    });
    gateway.once('exit', (code) => reject(new Error(`the gateway ended with ${code}: ${output}`)));
  });
  const response = await fetch(`${url}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ parts: [{ text: { text: script([{ t: 'text', value: 'it works' }]) } }] }),
  });
  const text = await response.text();
  const told = [...text.matchAll(/"contentDelta":\{"text":"([^"]*)"/g)].map(([, delta]) => delta).join('');
  if (told !== 'it works' || !text.includes('FINISH_REASON_END_TURN')) throw new Error(`unexpected answer: ${text}`);
  console.log('smoke: the compiled gateway answered a prompt');
} finally {
  gateway.kill('SIGTERM');
  await new Promise((resolve) => (gateway.exitCode === null ? gateway.once('exit', resolve) : resolve()));
  await model.stop();
  await opencode.remove();
}
