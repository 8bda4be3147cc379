import { startGateway, type Gateway } from '../../src/app.js';
import { readConfig } from '../../src/common/config/config.js';
import type { ClientTls, Door } from './door.js';
import { AggregateDoor, GrpcDoor } from './grpc.door.js';
import { createOpencodeEnvironment, type OpencodeEnvironment } from './opencode-environment.js';
import { RestDoor } from './rest.door.js';
import { ScriptedModel } from './scripted-model.js';

export interface TestGateway {
  readonly gateway: Gateway;
  readonly model: ScriptedModel;
  readonly opencode: OpencodeEnvironment;
  readonly grpc: GrpcDoor;
  readonly rest: RestDoor;
  readonly aggregate: AggregateDoor;
  readonly httpUrl: string;
  readonly grpcAddress: string;
  /** Stops the gateway and its OpenCode, and starts them again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly permission?: Record<string, unknown>;
  readonly settings?: Readonly<Record<string, string>>;
  /** Fills the workspace before anything starts. */
  readonly prepare?: (opencode: OpencodeEnvironment) => Promise<void>;
  /** How the doors reach a gateway that speaks TLS. */
  readonly tls?: ClientTls;
  /** OpenCode configuration, merged over the usual one; a function gets the scripted model's address. */
  readonly config?: Record<string, unknown> | ((modelUrl: string) => Record<string, unknown>);
}

/** Every case that is about meaning runs on each of them. */
export const DOORS = ['grpc', 'rest', 'aggregate'] as const;
export type DoorName = (typeof DOORS)[number];

export function doorOf(test: TestGateway, name: DoorName): Door {
  return test[name];
}

/** The whole gateway on free ports, with its own real OpenCode and a scripted model. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const model = await ScriptedModel.start();
  const { permission, settings = {} } = options;
  const config = typeof options.config === 'function' ? options.config(model.url) : options.config;
  const opencode = await createOpencodeEnvironment({ modelUrl: model.url, ...(permission && { permission }), ...(config && { config }) });
  await options.prepare?.(opencode);
  const environment = {
    PATH: process.env['PATH'],
    ...opencode.env,
    OPENCODE_WORKSPACE_ROOT: opencode.workspace,
    GRPC_PORT: '0',
    HTTP_PORT: '0',
    LOG_LEVEL: 'error',
    DRAIN_TIMEOUT_MS: '20000',
    ...settings,
  };
  const started = await startDoors(environment, options.tls);
  const test = {
    model,
    opencode,
    ...started,
    async restart(): Promise<void> {
      await stopDoors(test);
      Object.assign(test, await startDoors(environment, options.tls));
    },
    async stop(): Promise<void> {
      await stopDoors(test);
      await model.stop();
      await opencode.remove();
    },
  };
  return test;
}

async function startDoors(environment: NodeJS.ProcessEnv, tls: ClientTls | undefined) {
  const gateway = await startGateway(readConfig(environment), environment);
  if (!(await gateway.untilReady(20_000))) throw new Error('OpenCode did not become ready');
  const { grpcAddress, httpUrl } = gateway;
  if (grpcAddress === undefined || httpUrl === undefined) throw new Error('a door is closed');
  const token = environment['ACCESS_TOKEN'];
  return {
    gateway,
    grpcAddress,
    httpUrl,
    grpc: new GrpcDoor(grpcAddress, token, tls),
    rest: new RestDoor(httpUrl, token, tls),
    aggregate: new AggregateDoor(grpcAddress, token, tls),
  };
}

async function stopDoors({ gateway, grpc, rest, aggregate }: Pick<TestGateway, 'gateway' | DoorName>): Promise<void> {
  grpc.close();
  aggregate.close();
  rest.close();
  await gateway.stop();
}
