import { Global, Injectable, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, StartError, trustsWorkspaceConfig, type Config } from '../config/config.js';
import { GatewayError } from '../errors/gateway-error.js';
import { Backoff } from '../streams/backoff.js';
import { Tracer } from '../tracing/tracer.js';
import { findOpencode } from './opencode.binary.js';
import { OpencodeClient } from './opencode.client.js';
import { OpencodeFiles } from './opencode.files.js';
import { EventConnection } from './event-connection.js';
import { OPENCODE_REFUSES_US } from './opencode.errors.js';
import { OpencodeMetrics } from './opencode.metrics.js';
import { OpencodeHttp, type OpencodeEndpoint } from './opencode.http.js';
import { OpencodePool } from './opencode.pool.js';
import { OpencodeProjects } from './opencode.projects.js';
import { OpencodeSupervisor } from './opencode.supervisor.js';
import { UpstreamClock } from './upstream-clock.js';
import { Workspace } from './workspace.js';
import { IGNORE_WORKSPACE_CONFIG, WorkspaceConfig, type WorkspaceConfigUse } from './workspace-config.js';

const REMOTE_TIMEOUT_MS = 20_000;
const REMOTE_RETRY_MIN_MS = 200;
const REMOTE_RETRY_MAX_MS = 2_000;

/** The environment as a value, so that only the start of the process reads it. */
export const ENVIRONMENT = Symbol('ENVIRONMENT');

/** Ends what the pool was built on, last of all. */
@Injectable()
export class OpencodeLifecycle implements OnApplicationShutdown {
  private http: OpencodeHttp | undefined;
  supervisor: OpencodeSupervisor | undefined;

  constructor(
    private readonly metrics: OpencodeMetrics,
    private readonly tracer: Tracer,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.supervisor?.stop();
    await this.http?.close();
  }

  /** @throws StartError when the workspace or OpenCode is missing, or OpenCode does not start. */
  async open(config: Config, environment: NodeJS.ProcessEnv): Promise<OpencodePool> {
    const { workspaceRoot, endpoint } =
      config.OPENCODE_BASE_URL === undefined ? await this.startEmbedded(config, environment) : useRemote(config, config.OPENCODE_BASE_URL);
    const http = new OpencodeHttp(endpoint, config.OPENCODE_TIMEOUT * 1_000, {
      onFinished: (call) => this.metrics.record(call),
      tracer: this.tracer,
    });
    this.http = http;
    const client = new OpencodeClient(http);
    const workspace = workspaceRoot ?? Workspace.atRemote(await readRemoteDirectory(client, config.OPENCODE_BASE_URL ?? ''));
    return new OpencodePool({
      client,
      files: new OpencodeFiles(http),
      projects: new OpencodeProjects(http),
      workspace,
      workspaceConfig: new WorkspaceConfig(useOfWorkspaceConfig(config), workspace.root),
      events: new EventConnection(http, (name) => client.publishMark(workspace.root, name), new Logger('EventConnection')),
      clock: new UpstreamClock(),
    });
  }

  private async startEmbedded(config: Config, environment: NodeJS.ProcessEnv) {
    const workspaceRoot = Workspace.atLocal(config.OPENCODE_WORKSPACE_ROOT ?? process.cwd());
    const supervisor = new OpencodeSupervisor(
      {
        binary: findOpencode(config.OPENCODE_BIN, environment['PATH']),
        workspace: workspaceRoot.root,
        username: config.OPENCODE_SERVER_USERNAME,
        password: config.OPENCODE_SERVER_PASSWORD,
        environment: { ...environment, ...(!trustsWorkspaceConfig(config) && IGNORE_WORKSPACE_CONFIG) },
        debug: config.OPENCODE_DEBUG,
        maxSilenceMs: config.OPENCODE_HANG_S * 1_000,
      },
      new Logger('OpenCode'),
    );
    this.supervisor = supervisor;
    this.metrics.watch(supervisor);
    await supervisor.start();
    return { workspaceRoot, endpoint: () => supervisor.endpoint() };
  }
}

function useOfWorkspaceConfig(config: Config): WorkspaceConfigUse {
  if (config.OPENCODE_BASE_URL !== undefined) return 'unmanaged';
  return trustsWorkspaceConfig(config) ? 'trusted' : 'ignored';
}

/**
 * The directory of a remote OpenCode, which may start at the same time as the gateway.
 *
 * @throws StartError when it refuses us, or does not answer in time.
 */
async function readRemoteDirectory(client: OpencodeClient, baseUrl: string): Promise<string> {
  const backoff = new Backoff(REMOTE_RETRY_MIN_MS, REMOTE_RETRY_MAX_MS);
  for (const deadlineMs = Date.now() + REMOTE_TIMEOUT_MS; ;) {
    try {
      return await client.ownDirectory();
    } catch (error) {
      const reason = error instanceof GatewayError ? error.reason : '';
      if (reason === OPENCODE_REFUSES_US) throw new StartError(`OPENCODE_SERVER_PASSWORD: ${baseUrl} refuses it`);
      if (Date.now() > deadlineMs) throw new StartError(`OPENCODE_BASE_URL: ${baseUrl} does not answer as OpenCode does`);
      await new Promise((resolve) => setTimeout(resolve, backoff.nextMs()));
    }
  }
}

function useRemote(config: Config, baseUrl: string): { workspaceRoot: Workspace | undefined; endpoint: () => OpencodeEndpoint } {
  const root = config.OPENCODE_WORKSPACE_ROOT;
  return {
    workspaceRoot: root === undefined ? undefined : Workspace.atRemote(root, true),
    endpoint: () => ({ baseUrl, username: config.OPENCODE_SERVER_USERNAME, password: config.OPENCODE_SERVER_PASSWORD }),
  };
}

@Global()
@Module({
  providers: [
    OpencodeMetrics,
    OpencodeLifecycle,
    {
      provide: OpencodePool,
      inject: [OpencodeLifecycle, CONFIG, ENVIRONMENT],
      useFactory: (lifecycle: OpencodeLifecycle, config: Config, environment: NodeJS.ProcessEnv) => lifecycle.open(config, environment),
    },
  ],
  exports: [OpencodePool, OpencodeLifecycle],
})
export class OpencodeModule {}
