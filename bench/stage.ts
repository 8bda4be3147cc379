import { create, toBinary } from '@bufbuild/protobuf';
import { EventService, SubscribeSessionEventsRequestSchema, TextMode } from '../src/common/grpc/generated/event_pb.js';
import { methodPath } from '../src/common/grpc/proto-types.js';
import type { GrpcTarget } from './loads/grpc-streams.load.js';
import type { ClientsCommands } from './processes/clients.js';
import type { GatewayCommands, GatewayOptions } from './processes/gateway.js';
import { SESSION_ID } from './processes/upstream-frames.js';
import type { UpstreamCommands } from './processes/upstream.js';
import { Remote } from './remote.js';

/** A scripted OpenCode, a gateway in front of it and a process for those who call it. */
export interface Stage {
  readonly upstream: Remote<UpstreamCommands>;
  readonly upstreamUrl: string;
  readonly gateway: Remote<GatewayCommands>;
  readonly grpcAddress: string;
  readonly httpUrl: string;
  readonly clients: Remote<ClientsCommands>;
}

/** Runs a measurement on a fresh stage and takes it down, whatever happens. */
export async function onStage<T>(measure: (stage: Stage) => Promise<T>, options: GatewayOptions = {}): Promise<T> {
  const upstream = new Remote<UpstreamCommands>('upstream');
  const gateway = new Remote<GatewayCommands>('gateway');
  const clients = new Remote<ClientsCommands>('clients');
  try {
    const upstreamUrl = await upstream.call('start');
    return await measure({ upstream, upstreamUrl, gateway, clients, ...(await gateway.call('start', upstreamUrl, options)) });
  } finally {
    await Promise.all([clients, gateway, upstream].map((remote) => remote.stop()));
  }
}

/** The session's deltas over gRPC; from its first event on if need be. */
export function grpcDeltas({ grpcAddress }: Stage, connections: number, fromBeginning = false): GrpcTarget {
  const request = create(SubscribeSessionEventsRequestSchema, {
    sessionId: SESSION_ID,
    textMode: TextMode.DELTA,
    ...(fromBeginning && { afterSequence: 0n }),
  });
  return {
    address: grpcAddress,
    path: methodPath(EventService.method.subscribeSessionEvents),
    request: toBinary(SubscribeSessionEventsRequestSchema, request),
    connections,
  };
}

/** The session's deltas as server-sent events. */
export function sseDeltas({ httpUrl }: Stage): string {
  return `${httpUrl}/sessions/${SESSION_ID}/events?text_mode=TEXT_MODE_DELTA`;
}
