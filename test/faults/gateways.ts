import { startGateway, type Gateway } from '../../src/app.js';
import { readConfig } from '../../src/common/config/config.js';
import { EventHub } from '../../src/modules/event/event.hub.js';
import { TurnRegistry } from '../../src/modules/message/turn.registry.js';
import { TestProcess } from '../support/process.js';
import type { GatewayAddress } from './event-streams.js';

/** A gateway under test, wherever it runs. */
export interface TestedGateway {
  address(): GatewayAddress;
  /** Resolves once it hears OpenCode's events. */
  untilReady(): Promise<void>;
  /** What it still holds of a session that nobody uses any more, in words. */
  leftovers(sessionId: string): string[];
  stop(): Promise<void>;
}

const READY_MS = 30_000;

function settingsFor(opencodeUrl: string): NodeJS.ProcessEnv {
  return {
    OPENCODE_BASE_URL: opencodeUrl,
    GRPC_PORT: '0',
    HTTP_PORT: '0',
    LOG_LEVEL: 'fatal',
    DRAIN_TIMEOUT_MS: '2000',
  };
}

/** In this process: cheap, and its memory can be looked into. */
export class GatewayHere implements TestedGateway {
  private constructor(private readonly gateway: Gateway) {}

  static async start(opencodeUrl: string): Promise<GatewayHere> {
    const environment = settingsFor(opencodeUrl);
    const here = new GatewayHere(await startGateway(readConfig(environment), environment));
    await here.untilReady();
    return here;
  }

  address(): GatewayAddress {
    const { grpcAddress = '', httpUrl = '' } = this.gateway;
    return { grpcAddress, httpUrl };
  }

  async untilReady(): Promise<void> {
    if (!(await this.gateway.untilReady(READY_MS))) throw new Error('the gateway does not find OpenCode again');
  }

  leftovers(sessionId: string): string[] {
    const followers = this.gateway.app.get(EventHub).followerCount(sessionId);
    const isActive = this.gateway.app.get(TurnRegistry).activeSessionIds().includes(sessionId);
    return [...(followers > 0 ? [`${followers} followers`] : []), ...(isActive ? ['a turn'] : [])];
  }

  stop(): Promise<void> {
    return this.gateway.stop();
  }
}

/** As a process of its own, which can be killed and started again. */
export class GatewayProcess implements TestedGateway {
  private constructor(
    private readonly main: string,
    private readonly environment: NodeJS.ProcessEnv,
    private child: TestProcess,
    private place: GatewayAddress,
  ) {}

  /** @param main the compiled command line */
  static async start(main: string, opencodeUrl: string, settings: NodeJS.ProcessEnv = {}): Promise<GatewayProcess> {
    const environment = { PATH: process.env['PATH'], ...settingsFor(opencodeUrl), ...settings };
    const { child, place } = await launch(main, environment);
    return new GatewayProcess(main, environment, child, place);
  }

  address(): GatewayAddress {
    return this.place;
  }

  async untilReady(): Promise<void> {
    for (const deadlineMs = Date.now() + READY_MS; ;) {
      const isReady = await fetch(`${this.place.httpUrl}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isReady) return;
      if (Date.now() > deadlineMs) throw new Error('the gateway does not find OpenCode again');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  leftovers(): string[] {
    return [];
  }

  async killAndStartAgain(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.child.exited;
    const { child, place } = await launch(this.main, this.environment);
    this.child = child;
    this.place = place;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const ending = await this.child.exited;
    if (ending !== 0) throw new Error(`the gateway ended with ${ending}: ${this.child.output}`);
  }
}

async function launch(main: string, environment: NodeJS.ProcessEnv): Promise<{ child: TestProcess; place: GatewayAddress }> {
  const child = new TestProcess(process.execPath, [main], environment);
  const [, grpcAddress = '', httpUrl = ''] = await child.says(/gRPC {2}(\S+)[^]*HTTP {2}(\S+)/);
  return { child, place: { grpcAddress, httpUrl } };
}
