/** Runs smoke.sh against the compiled gateway with the real OpenCode and a scripted model, and against one that lost its OpenCode. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { script } from '../.cache/tools/test/support/scripted-model.js';
import { withCompiledGateway } from './compiled-gateway.js';

const TOKEN = 'smoke-4f1c77a90be2d358';
const ANSWER = 'it works';

/** Whether all its steps went well, against what listens there. */
async function smoke({ httpUrl, grpcAddress }, output) {
  const environment = {
    ...process.env,
    ACCESS_TOKEN: TOKEN,
    SMOKE_PROMPT: script([{ t: 'text', value: ANSWER }]),
    SMOKE_ANSWER: ANSWER,
  };
  const parameters = [httpUrl, `http://${grpcAddress}`];
  // Not spawnSync: the scripted model answers from this process.
  const [status] = await once(
    spawn(join('scripts', 'smoke.sh'), parameters, { env: environment, stdio: ['ignore', output, output] }),
    'close',
  );
  return status === 0;
}

await withCompiledGateway(
  {},
  async (gateway) => {
    if (!(await smoke(gateway, 'inherit'))) throw new Error('smoke: the compiled gateway does not work');
  },
  { settings: { ACCESS_TOKEN: TOKEN } },
);
await withCompiledGateway(
  {},
  async (gateway) => {
    if (await smoke(gateway, 'ignore')) throw new Error('smoke: a gateway without OpenCode was found to work');
    console.log('smoke: it sees that a gateway without OpenCode does not work');
  },
  { settings: { ACCESS_TOKEN: TOKEN, OPENCODE_BASE_URL: 'http://127.0.0.1:9' }, log: 'ignore' },
);
