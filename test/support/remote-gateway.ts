import { startGateway, type Gateway } from '../../src/app.js';
import { readConfig } from '../../src/common/config/config.js';
import { OpencodeLifecycle } from '../../src/common/opencode/opencode.module.js';
import { GrpcDoor } from './grpc.door.js';
import { RestDoor } from './rest.door.js';
import type { TestGateway } from './test-gateway.js';

/** A gateway in front of an OpenCode that is not its own, and its doors. */
export interface RemoteGateway {
  readonly gateway: Gateway;
  readonly grpc: GrpcDoor;
  readonly rest: RestDoor;
  readonly grpcAddress: string;
  readonly httpUrl: string;
  stop(): Promise<void>;
}

type Settings = Readonly<Record<string, string>>;

/** @param settings - `OPENCODE_BASE_URL` among them */
export async function startRemoteGateway(settings: Settings): Promise<RemoteGateway> {
  const environment = { GRPC_PORT: '0', HTTP_PORT: '0', LOG_LEVEL: 'fatal', ...settings };
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
  return { gateway, grpc, rest, grpcAddress, httpUrl, stop };
}

/** Another gateway in front of an OpenCode that belongs to a first. */
export function startReplica(test: TestGateway, settings: Settings = {}): Promise<RemoteGateway> {
  const { baseUrl = '', password = '' } = test.gateway.app.get(OpencodeLifecycle).supervisor?.endpoint() ?? {};
  return startRemoteGateway({ OPENCODE_BASE_URL: baseUrl, OPENCODE_SERVER_PASSWORD: password, ...settings });
}
