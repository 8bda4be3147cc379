import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { methodPath } from '../../src/common/grpc/proto-types.js';
import { compare } from '../compare.js';
import type { GrpcCeilingCommands } from '../processes/grpc-ceiling.js';
import { Remote } from '../remote.js';
import { onStage } from '../stage.js';
import type { Row } from '../table.js';

const CONNECTIONS = 4;
const CALLERS = 32;
const WARM_UP_MS = 4_000;
const TARGET = 0.7;

/** A call that does nothing but pass through the gateway: guard, pipe, controller, encoding. */
export async function unaryRows(): Promise<Row[]> {
  const ceiling = new Remote<GrpcCeilingCommands>('grpc-ceiling');
  try {
    const row = await onStage(async ({ gateway, grpcAddress, clients }) => {
      const base = { request: Buffer.alloc(0), connections: CONNECTIONS };
      const path = methodPath(OpenCodeService.method.health);
      const loadId = await clients.call('openGrpcCalls', { ...base, address: grpcAddress, path }, CALLERS);
      await clients.call('callFor', loadId, WARM_UP_MS);
      await ceiling.call('setPayload', await clients.call('sample', loadId));
      const target = { ...base, address: await ceiling.call('start'), path: '/ceiling/Unary' };
      const ceilingLoadId = await clients.call('openGrpcCalls', target, CALLERS);
      await clients.call('callFor', ceilingLoadId, WARM_UP_MS);
      return compare({
        what: 'gRPC, unary Health',
        unit: 'calls',
        clients,
        gateway: { server: gateway, loadId, run: (durationMs) => clients.call('callFor', loadId, durationMs) },
        ceiling: { server: ceiling, loadId: ceilingLoadId, run: (durationMs) => clients.call('callFor', ceilingLoadId, durationMs) },
        offeredPerSecond: undefined,
        target: TARGET,
      });
    });
    return [row];
  } finally {
    await ceiling.stop();
  }
}
