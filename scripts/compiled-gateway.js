/** Starts the compiled gateway as its users do, with the real OpenCode and a scripted model. */
import { spawn } from 'node:child_process';
import { createOpencodeEnvironment } from '../.cache/tools/test/support/opencode-environment.js';
import { ScriptedModel } from '../.cache/tools/test/support/scripted-model.js';

/**
 * Runs the work with the addresses of a gateway, its workspace and its model, and ends everything after it. `settings` are added
 * to the gateway's environment, and `log` is where it writes: as in the options of spawn.
 */
export async function withCompiledGateway(permission, work, { settings = {}, log = 'inherit' } = {}) {
  const model = await ScriptedModel.start();
  const opencode = await createOpencodeEnvironment({ modelUrl: model.url, permission });
  const environment = {
    PATH: process.env.PATH,
    ...opencode.env,
    OPENCODE_WORKSPACE_ROOT: opencode.workspace,
    GRPC_PORT: '0',
    HTTP_PORT: '0',
    LOG_LEVEL: 'error',
    ...settings,
  };
  const gateway = spawn(process.execPath, ['dist/main.js'], { env: environment, stdio: ['ignore', 'pipe', log] });
  try {
    return await work({ ...(await addressesOf(gateway)), workspace: opencode.workspace, model });
  } finally {
    gateway.kill('SIGTERM');
    await new Promise((resolve) => (gateway.exitCode === null ? gateway.once('exit', resolve) : resolve()));
    await model.stop();
    await opencode.remove();
  }
}

function addressesOf(gateway) {
  return new Promise((resolve, reject) => {
    let output = '';
    gateway.stdout.on('data', (chunk) => {
      output += chunk;
      const match = /gRPC {2}(\S+)[^]*HTTP {2}(\S+)/.exec(output);
      if (match !== null) resolve({ grpcAddress: match[1], httpUrl: match[2] });
    });
    gateway.once('exit', (code) => reject(new Error(`the gateway ended with ${code}: ${output}`)));
  });
}
