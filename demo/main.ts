import 'reflect-metadata';
import { startGateway } from '../src/app.js';
import { readConfig } from '../src/common/config/config.js';
import { createOpencodeEnvironment } from '../test/support/opencode-environment.js';
import { ScriptedModel } from '../test/support/scripted-model.js';
import { demoCommands } from './commands.js';

/** Everything at once, without a key or a network: the scripted model, the real OpenCode, the gateway; and what to type. */
const model = await ScriptedModel.start();
const opencode = await createOpencodeEnvironment({ modelUrl: model.url, permission: { bash: 'ask' }, config: { snapshot: true } });
const environment = { LOG_LEVEL: 'warn', ...process.env, ...opencode.env, OPENCODE_WORKSPACE_ROOT: opencode.workspace };
const gateway = await startGateway(readConfig(environment), environment);
let stopping = false;

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await gateway.stop();
  await model.stop();
  await opencode.remove();
  process.exit(0);
}

process.on('SIGINT', () => void stop());
process.on('SIGTERM', () => void stop());
if (!(await gateway.untilReady(30_000))) console.error('OpenCode does not answer');
if (gateway.grpcAddress !== undefined && gateway.httpUrl !== undefined) {
  console.log(`The demo runs in ${opencode.workspace}; Ctrl-C ends it. Type in another terminal:\n`);
  for (const { title, command } of demoCommands(gateway.httpUrl, gateway.grpcAddress)) console.log(`# ${title}\n${command}\n`);
}
