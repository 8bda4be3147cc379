import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Logger } from '@nestjs/common';
import { request } from 'undici';
import { StartError } from '../config/config.js';
import { GatewayError } from '../errors/gateway-error.js';
import { Backoff } from '../streams/backoff.js';
import type { OpencodeEndpoint } from './opencode.http.js';
import { HealthWatch } from './health-watch.js';
import { pathWithRipgrep } from './opencode.binary.js';
import { readLogLine } from './opencode.log-line.js';

const START_TIMEOUT_MS = 30_000;
const PROBE_TIMEOUT_MS = 1_000;
const HEALTH_TIMEOUT_MS = 5_000;
const PROBE_EVERY_MS = 50;
const STOP_TIMEOUT_MS = 5_000;
const RESTART_MIN_MS = 250;
const RESTART_MAX_MS = 10_000;
/** A run of this length counts as healthy: the next crash restarts at once again. */
const STABLE_AFTER_MS = 30_000;

/**
 * Our own secrets: the agent runs commands and must not find them in its environment. And how we trace: told where, OpenCode would send
 * its log there too, and spans of every statement of SQL and every file that it reads (measured).
 */
const OURS_ALONE = /^(ACCESS_|A2A_BEARER_TOKEN$|OTEL_)/;

/**
 * Runs OpenCode and ends it when standard input closes, which happens however the gateway ends, kill -9 included.
 * Two servers on one data directory would both run the same sessions, so none may be left behind.
 */
const LIFELINE = `
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{ cat <&3; kill -TERM $child; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.5; kill -0 $child || exit; done; kill -KILL $child; } >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait $child
status=$?
kill $watcher 2>/dev/null
exit $status
`;

export interface SupervisorOptions {
  readonly binary: string;
  readonly workspace: string;
  readonly username: string;
  readonly password: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly debug: boolean;
  /** An OpenCode that answers nothing for so long is killed, and started anew. */
  readonly maxSilenceMs: number;
}

/** Our own `opencode serve`: started, watched, restarted with backoff, and ended with us. */
export class OpencodeSupervisor {
  /** How often it was started anew, and how often it was killed because it answered nothing. */
  restarts = 0;
  hangKills = 0;
  private readonly password: string;
  private readonly backoff = new Backoff(RESTART_MIN_MS, RESTART_MAX_MS);
  private child: ChildProcess | undefined;
  /** Undefined while OpenCode does not answer: it accepts connections before it does, and never answers those. */
  private baseUrl: string | undefined;
  private stopping = false;

  constructor(
    private readonly options: SupervisorOptions,
    private readonly logger: Logger,
  ) {
    this.password = options.password ?? randomBytes(24).toString('base64url');
  }

  /** @throws GatewayError UNAVAILABLE while OpenCode starts. */
  endpoint(): OpencodeEndpoint {
    if (this.baseUrl === undefined) {
      throw new GatewayError('UNAVAILABLE', 'OpenCode is starting', { reason: 'OPENCODE_UNAVAILABLE', retryAfterMs: 1_000 });
    }
    return { baseUrl: this.baseUrl, username: this.options.username, password: this.password };
  }

  /** The process id of the server's process group leader; for tests and for operators' logs. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** @throws StartError when OpenCode ends or stays silent instead of answering. */
  async start(): Promise<void> {
    await this.launch();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_TIMEOUT_MS);
    signalGroup(child, 'SIGTERM');
    await exited;
    clearTimeout(timer);
  }

  private async launch(): Promise<void> {
    const child = this.spawn();
    const startedAtMs = Date.now();
    this.child = child;
    const lastWords: string[] = [];
    const ended = new Promise<never>((_, reject) => {
      child.once('error', (error) => reject(new StartError(`OpenCode did not start: ${error.message}`)));
      child.once('exit', (code, signal) => {
        child.stdin?.destroy();
        const how = signal ?? `code ${code}`;
        reject(new StartError(`OpenCode ended (${how}) before it answered${lastWords.length > 0 ? `: ${lastWords.join(' | ')}` : ''}`));
      });
    });
    ended.catch(() => undefined);
    const listening = new Promise<string>((resolve) => {
      this.readLines(child, (line) => {
        lastWords.push(line);
        if (lastWords.length > 3) lastWords.shift();
        const url = /listening on (http:\/\/\S+)/.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      });
    });
    const deadline = AbortSignal.timeout(START_TIMEOUT_MS);
    const tooLate = new Promise<never>((_, reject) =>
      deadline.addEventListener('abort', () => reject(new StartError(`OpenCode did not answer within ${START_TIMEOUT_MS / 1_000} s`))),
    );
    tooLate.catch(() => undefined);
    try {
      const baseUrl = await Promise.race([listening, ended, tooLate]);
      await Promise.race([this.untilItAnswers(baseUrl, deadline), ended, tooLate]);
      this.baseUrl = baseUrl;
    } catch (error) {
      signalGroup(child, 'SIGKILL');
      throw error;
    }
    const health = this.watchHealth(child, this.baseUrl);
    child.once('exit', (code, signal) => {
      health.stop();
      this.onExit(Date.now() - startedAtMs, signal ?? `code ${code}`);
    });
    if (child.exitCode !== null || child.signalCode !== null) this.onExit(0, 'early');
  }

  private spawn(): ChildProcess {
    const { binary, workspace, environment, debug, username } = this.options;
    const inherited = Object.fromEntries(Object.entries(environment).filter(([name]) => !OURS_ALONE.test(name)));
    const PATH = pathWithRipgrep(environment['PATH']);
    const logging = debug ? ['--print-logs', '--log-level', 'DEBUG'] : [];
    // A process group of its own: Ctrl-C reaches the gateway alone, which drains before it ends OpenCode.
    return spawn('/bin/sh', ['-c', LIFELINE, 'opencode-gateway', binary, 'serve', '--hostname', '127.0.0.1', '--port', '0', ...logging], {
      cwd: workspace,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...inherited, PATH, OPENCODE_SERVER_USERNAME: username, OPENCODE_SERVER_PASSWORD: this.password },
    });
  }

  private readLines(child: ChildProcess, onLine: (line: string) => void): void {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        onLine(line);
        this.logger.debug(readLogLine(line));
      });
    }
  }

  /** Between bind and ready OpenCode accepts connections and never answers them: each try needs a limit and a new connection. */
  private async untilItAnswers(baseUrl: string, deadline: AbortSignal): Promise<void> {
    while (!deadline.aborted) {
      if (await this.answers(baseUrl, PROBE_TIMEOUT_MS)) return;
      await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS));
    }
  }

  private watchHealth(child: ChildProcess, baseUrl: string): HealthWatch {
    const { maxSilenceMs } = this.options;
    return new HealthWatch(
      () => this.answers(baseUrl, HEALTH_TIMEOUT_MS),
      maxSilenceMs,
      () => {
        this.logger.error(`OpenCode answered nothing for ${maxSilenceMs / 1_000} s; killing it`);
        this.hangKills += 1;
        signalGroup(child, 'SIGKILL');
      },
    );
  }

  private async answers(baseUrl: string, timeoutMs: number): Promise<boolean> {
    try {
      const { statusCode, body } = await request(new URL('/global/health', baseUrl), {
        headers: { authorization: `Basic ${Buffer.from(`${this.options.username}:${this.password}`).toString('base64')}` },
        reset: true,
        signal: AbortSignal.timeout(timeoutMs),
      });
      await body.dump();
      return statusCode === 200;
    } catch {
      return false;
    }
  }

  private onExit(ranForMs: number, how: string): void {
    this.baseUrl = undefined;
    if (this.stopping) return;
    if (ranForMs > STABLE_AFTER_MS) this.backoff.reset();
    const delayMs = Math.round(this.backoff.nextMs());
    this.logger.error(`OpenCode ended (${how}); restarting in ${delayMs} ms`);
    setTimeout(() => {
      if (this.stopping) return;
      this.restarts += 1;
      this.launch().catch((error: unknown) => this.onExit(0, error instanceof Error ? error.message : 'unknown'));
    }, delayMs);
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}
