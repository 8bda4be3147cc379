import { createOpencodeEnvironment, type OpencodeEnvironment, type OpencodeEnvironmentOptions } from './opencode-environment.js';
import { OpencodeProcess } from './opencode-process.js';
import { startRemoteGateway, type RemoteGateway } from './remote-gateway.js';
import { ScriptedModel } from './scripted-model.js';

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

  /** A gateway that goes away without waiting for anything. */
  gateway(settings: Readonly<Record<string, string>> = {}): Promise<RemoteGateway> {
    const { workspace } = this.environment;
    return startRemoteGateway({ DRAIN_TIMEOUT_MS: '0', OPENCODE_BASE_URL: this.url, OPENCODE_WORKSPACE_ROOT: workspace, ...settings });
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.model.stop();
    await this.environment.remove();
  }
}
