import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { methodPath } from '../../src/common/grpc/proto-types.js';
import { callingSide, compare, endure, toRow, warmUp, type Contest, type Outcome } from '../compare.js';
import type { GrpcCeilingCommands } from '../processes/grpc-ceiling.js';
import { Remote } from '../remote.js';
import { onStage } from '../stage.js';
import type { Row } from '../table.js';

const CONNECTIONS = 4;
const CALLERS = 32;
const WARM_UP_MS = 4_000;
/** Two processes of the same program differ by up to a tenth, as they happen to be compiled and laid out. */
const PAIRS = 3;
/** For one answer, of which the ceiling takes the size. */
const SAMPLE_MS = 100;
const TARGET = 0.7;

/** The same call over the other door, compared with gRPC: what JSON and HTTP/1.1 cost. */
export async function restUnaryRows(): Promise<Row[]> {
  const row = await onStage(async ({ gateway, grpcAddress, httpUrl, clients }) => {
    const path = methodPath(OpenCodeService.method.health);
    const target = { request: Buffer.alloc(0), connections: CONNECTIONS, address: grpcAddress, path };
    const grpcId = await clients.call('openGrpcCalls', target, CALLERS);
    const restId = await clients.call('openHttpCalls', `${httpUrl}/health`, CALLERS);
    const sides = { gateway: callingSide(clients, gateway, restId), ceiling: callingSide(clients, gateway, grpcId) };
    await warmUp(sides, WARM_UP_MS);
    return compare({
      ...sides,
      what: 'REST, unary Health, against gRPC',
      unit: 'calls',
      clients,
      offeredPerSecond: undefined,
      target: undefined,
    });
  });
  return [row];
}

/** A call that does nothing but pass through the gateway: guard, pipe, controller, encoding. */
export async function unaryRows(): Promise<Row[]> {
  const pairs: (readonly [Contest, Outcome])[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) pairs.push(await playPair());
  const outcomes = pairs.map(([, outcome]) => outcome);
  return pairs.slice(0, 1).map(([contest]) => toRow(contest, outcomes));
}

/** One gateway and one raw server of their own. */
async function playPair(): Promise<readonly [Contest, Outcome]> {
  const ceiling = new Remote<GrpcCeilingCommands>('grpc-ceiling');
  try {
    return await onStage(async ({ gateway, grpcAddress, clients }) => {
      const base = { request: Buffer.alloc(0), connections: CONNECTIONS };
      const path = methodPath(OpenCodeService.method.health);
      const loadId = await clients.call('openGrpcCalls', { ...base, address: grpcAddress, path }, CALLERS);
      await clients.call('callFor', loadId, SAMPLE_MS);
      await ceiling.call('setPayload', await clients.call('sample', loadId));
      const target = { ...base, address: await ceiling.call('start'), path: '/ceiling/Unary' };
      const ceilingLoadId = await clients.call('openGrpcCalls', target, CALLERS);
      const sides = { gateway: callingSide(clients, gateway, loadId), ceiling: callingSide(clients, ceiling, ceilingLoadId) };
      await warmUp(sides, WARM_UP_MS);
      const contest = { ...sides, what: 'gRPC, unary Health', unit: 'calls', clients, offeredPerSecond: undefined, target: TARGET };
      return [contest, await endure(contest)] as const;
    });
  } finally {
    await ceiling.stop();
  }
}
