/**
 * Makes a client in Python and one in Go from proto/, and runs both against the compiled gateway with the real OpenCode.
 *
 * A language whose tools or packages cannot be had here is skipped, and said to be. What a client finds wrong fails the check.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { withCompiledGateway } from './compiled-gateway.js';
import { Missing, obtain, run } from './toolchain.js';

const CLIENT_TIMEOUT_MS = 60_000;
const FILE = { name: 'binary.bin', size: 1_000 };

const proto = resolve('proto');
const clients = resolve('test', 'clients');
const temporary = mkdtempSync(join(tmpdir(), 'check-clients-'));

function protoFiles(folder = '') {
  return readdirSync(join(proto, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? protoFiles(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

/** Gives the command that runs the client. */
function makePython() {
  const generated = join(temporary, 'python');
  const python = join(generated, '.venv', 'bin', 'python');
  cpSync(join(clients, 'python'), generated, { recursive: true });
  obtain('python3', ['-m', 'venv', join(generated, '.venv')]);
  obtain(python, ['-m', 'pip', 'install', '--quiet', '--requirement', join(generated, 'requirements.txt')]);
  run(python, ['-m', 'grpc_tools.protoc', '-I', proto, `--python_out=${generated}`, `--grpc_python_out=${generated}`, ...protoFiles()]);
  return ({ grpcAddress, httpUrl }) => [python, join(generated, 'client.py'), grpcAddress, httpUrl];
}

function makeGo() {
  const generated = join(temporary, 'go');
  const [bin, client] = [join(temporary, 'bin'), join(temporary, 'go-client')];
  const plugins = ['google.golang.org/protobuf/cmd/protoc-gen-go', 'google.golang.org/grpc/cmd/protoc-gen-go-grpc'];
  cpSync(join(clients, 'go'), generated, { recursive: true });
  mkdirSync(bin);
  obtain('go', ['mod', 'download'], { cwd: generated });
  run('go', ['build', '-o', bin, ...plugins], { cwd: generated });
  const template = {
    version: 'v2',
    plugins: plugins.map((plugin) => ({ local: [join(bin, plugin.split('/').at(-1))], out: '.', opt: ['module=opencode-gateway'] })),
  };
  const others = ['google', 'grpc'].flatMap((folder) => ['--exclude-path', join('proto', folder)]);
  run(join('node_modules', '.bin', 'buf'), ['generate', 'proto', '--template', JSON.stringify(template), '--output', generated, ...others]);
  run('go', ['build', './...'], { cwd: generated });
  run('go', ['build', '-o', client, '.'], { cwd: generated });
  return ({ grpcAddress }) => [client, grpcAddress];
}

/** Undefined when it cannot be made here. */
function made(language, make) {
  try {
    return { language, commandFor: make() };
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.warn(`check-clients: ${language} was SKIPPED: ${error.message}`);
    return undefined;
  }
}

try {
  const programs = [made('Python', makePython), made('Go', makeGo)].filter((program) => program !== undefined);
  if (programs.length > 0) {
    await withCompiledGateway({ bash: 'ask' }, async (gateway) => {
      writeFileSync(
        join(gateway.workspace, FILE.name),
        Uint8Array.from({ length: FILE.size }, (_, offset) => offset % 256),
      );
      for (const { language, commandFor } of programs) {
        const [command, ...parameters] = [...commandFor(gateway), FILE.name, String(FILE.size)];
        // Not spawnSync: the scripted model answers from this process.
        const [status] = await once(spawn(command, parameters, { stdio: 'inherit', timeout: CLIENT_TIMEOUT_MS }), 'close');
        if (status !== 0) throw new Error(`the ${language} client failed`);
        console.log(`check-clients: the ${language} client works`);
      }
    });
  }
} catch (error) {
  console.error(`check-clients: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
