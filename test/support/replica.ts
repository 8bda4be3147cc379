import { startGateway, type Gateway } from '../../src/app.js';
import { readConfig } from '../../src/common/config/config.js';
import { OpencodeLifecycle } from '../../src/common/opencode/opencode.module.js';
import { GrpcDoor } from './grpc.door.js';
import { RestDoor } from './rest.door.js';
import type { TestGateway } from './test-gateway.js';

/** Another gateway in front of an OpenCode that belongs to a first. */
export interface Replica {
  readonly gateway: Gateway;
  readonly grpcAddress: string;
  readonly httpUrl: string;
  readonly grpc: GrpcDoor;
  readonly rest: RestDoor;
  stop(): Promise<void>;
}

export async function startReplica(test: TestGateway, settings: Readonly<Record<string, string>> = {}): Promise<Replica> {
  const { baseUrl, password } = test.gateway.app.get(OpencodeLifecycle).supervisor?.endpoint() ?? { baseUrl: '', password: '' };
  const environment = {
    OPENCODE_BASE_URL: baseUrl,
    OPENCODE_SERVER_PASSWORD: password,
    GRPC_PORT: '0',
    HTTP_PORT: '0',
    LOG_LEVEL: 'error',
    ...settings,
  };
  const gateway = await startGateway(readConfig(environment), environment);
  if (!(await gateway.untilReady(20_000))) throw new Error('the replica did not become ready');
  const { grpcAddress = '', httpUrl = '' } = gateway;
  const grpc = new GrpcDoor(grpcAddress);
  const rest = new RestDoor(httpUrl);
  const stop = async (): Promise<void> => {
    grpc.close();
    rest.close();
    await gateway.stop();
  };
  return { gateway, grpcAddress, httpUrl, grpc, rest, stop };
}
