import 'reflect-metadata';
import { tuneHeap } from '../../src/app.heap.js';
import { startGateway } from '../../src/app.js';
import { readConfig } from '../../src/common/config/config.js';
import { serve } from '../remote.js';
import { usageCommands } from '../usage.js';
import { WORKSPACE } from './upstream-frames.js';

/** The gateway as it is served, with its defaults but for ports and logs, and without a limit of calls a minute. */
export type GatewayCommands = typeof commands;

export interface GatewayOptions {
  /** A folder with files; undefined: one that nobody reads. */
  readonly workspace?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

const READY_TIMEOUT_MS = 10_000;

const commands = {
  ...usageCommands,

  async start(
    upstreamUrl: string,
    { workspace = WORKSPACE, settings = {} }: GatewayOptions = {},
  ): Promise<{ readonly grpcAddress: string; readonly httpUrl: string }> {
    const environment = {
      OPENCODE_BASE_URL: upstreamUrl,
      OPENCODE_WORKSPACE_ROOT: workspace,
      GRPC_PORT: '0',
      HTTP_PORT: '0',
      LOG_LEVEL: 'error',
      RATE_LIMIT_PER_MINUTE: '0',
      ...settings,
    };
    tuneHeap();
    // OpenTelemetry reads what the process was started with.
    Object.assign(process.env, settings);
    const { grpcAddress, httpUrl, untilReady } = await startGateway(readConfig(environment), environment);
    if (!(await untilReady(READY_TIMEOUT_MS))) throw new Error('the gateway does not become ready');
    if (grpcAddress === undefined || httpUrl === undefined) throw new Error('a door is closed');
    return { grpcAddress, httpUrl };
  },
};

serve(commands);
