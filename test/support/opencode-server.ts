import { startGateway, type Gateway } from '../../src/app.js';
import { readConfig } from '../../src/common/config/config.js';
import { createOpencodeEnvironment, type OpencodeEnvironment, type OpencodeEnvironmentOptions } from './opencode-environment.js';
import { OpencodeProcess } from './opencode-process.js';
import { GrpcDoor } from './grpc.door.js';
import { RestDoor } from './rest.door.js';
import { ScriptedModel } from './scripted-model.js';

/** A gateway in front of an OpenCode that is not its own, and its doors. */
export interface RemoteGateway {
  readonly gateway: Gateway;
  readonly grpc: GrpcDoor;
  readonly rest: RestDoor;
  readonly httpUrl: string;
  /** Goes away without waiting for anything. */
  stop(): Promise<void>;
}

/** An `opencode serve` of the test's own, which gateways share and which can be killed; with a scripted model. */
export class OpencodeServer {
  private constructor(
    readonly model: ScriptedModel,
    readonly environment: OpencodeEnvironment,
    private readonly process: OpencodeProcess,
  ) {}

  static async start(options: Omit<OpencodeEnvironmentOptions, 'modelUrl'> = {}): Promise<OpencodeServer> {
    const model = await ScriptedModel.start();
    const environment = await createOpencodeEnvironment({ modelUrl: model.url, ...options });
    return new OpencodeServer(model, environment, await OpencodeProcess.start(environment));
  }

  get url(): string {
    return this.process.url;
  }

  /** Starts it after a kill, on the same port and data. */
  async launch(): Promise<void> {
    await this.process.startAgain();
  }

  async kill(): Promise<void> {
    await this.process.kill();
  }

  /** Calls OpenCode past every gateway, as its own interface does. */
  async post(path: string, body: unknown): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const { ok, status } = await fetch(`${this.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!ok) throw new Error(`OpenCode answered ${status} to ${path}`);
  }

  async gateway(settings: Readonly<Record<string, string>> = {}): Promise<RemoteGateway> {
    const environment = {
      GRPC_PORT: '0',
      HTTP_PORT: '0',
      LOG_LEVEL: 'fatal',
      DRAIN_TIMEOUT_MS: '0',
      OPENCODE_BASE_URL: this.url,
      OPENCODE_WORKSPACE_ROOT: this.environment.workspace,
      ...settings,
    };
    const gateway = await startGateway(readConfig(environment), environment);
    if (!(await gateway.untilReady(20_000))) throw new Error('OpenCode did not become ready');
    const { grpcAddress = '', httpUrl = '' } = gateway;
    const grpc = new GrpcDoor(grpcAddress);
    const rest = new RestDoor(httpUrl);
    const stop = async (): Promise<void> => {
      grpc.close();
      rest.close();
      await gateway.stop();
    };
    return { gateway, grpc, rest, httpUrl, stop };
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.model.stop();
    await this.environment.remove();
  }
}
