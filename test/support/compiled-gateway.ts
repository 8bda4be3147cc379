import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TestProcess } from './process.js';

const project = join(__dirname, '..', '..');

const main = join(project, 'dist', 'main.js');
const lock = join(project, 'node_modules', '.compiling');
/** A lock that is older was left behind. */
const LOCK_LASTS_MS = 300_000;
/** How long a test may wait for it on a busy machine. */
export const COMPILE_TIMEOUT_MS = 300_000;

/** Compiles src/ into dist/, as `npm run build` does, unless it is compiled: test files run side by side, and share what they start. */
export async function compileGateway(): Promise<void> {
  while (!take(lock)) await pause(200);
  try {
    const tsc = join(project, 'node_modules', 'typescript', 'bin', 'tsc');
    if (isStale()) await promisify(execFile)(process.execPath, [tsc, '-p', join(project, 'tsconfig.build.json')]);
  } finally {
    rmdirSync(lock);
  }
}

function take(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch {
    // Whoever had it may have let it go just now.
    const since = changedAtMs(path);
    if (since > 0 && since < Date.now() - LOCK_LASTS_MS) rmdirSync(path);
    return false;
  }
}

function isStale(): boolean {
  const sources = readdirSync(join(project, 'src'), { recursive: true, encoding: 'utf8' }).map((name) => join(project, 'src', name));
  return sources.some((source) => changedAtMs(source) > changedAtMs(main));
}

/** 0 for what is not there. */
function changedAtMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The gateway as a process of its own, where it listens, and all that it writes. Compile it first. */
export interface CompiledGateway {
  readonly process: TestProcess;
  readonly grpcAddress: string;
  readonly httpUrl: string;
}

export async function startCompiledGateway(environment: NodeJS.ProcessEnv): Promise<CompiledGateway> {
  const settings = { PATH: process.env['PATH'], GRPC_PORT: '0', HTTP_PORT: '0', ...environment };
  const started = new TestProcess(process.execPath, [main], settings);
  const [, grpcAddress = ''] = await started.says(/gRPC {2}(\S+)/);
  const [, httpUrl = ''] = await started.says(/HTTP {2}(\S+)/);
  return { process: started, grpcAddress, httpUrl };
}
