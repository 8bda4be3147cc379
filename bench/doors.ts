import type { GrpcCeilingCommands } from './processes/grpc-ceiling.js';
import type { SseCeilingCommands } from './processes/sse-ceiling.js';
import { Remote } from './remote.js';
import { grpcDeltas, sseDeltas, type Stage } from './stage.js';

/** One of the two ways to follow a session, and the ceiling it is measured against. */
export interface Door {
  readonly name: string;
  startCeiling(): Remote<GrpcCeilingCommands | SseCeilingCommands>;
  /** Opens streams of the gateway, or of a ceiling at an address; gives the load's id. */
  open(stage: Stage, streams: number, ceilingAddress?: string): Promise<number>;
}

const STREAMS_PER_CONNECTION = 20;
const CEILING_STREAM = '/ceiling/Stream';

export const grpcDoor: Door = {
  name: 'gRPC',
  startCeiling: () => new Remote<GrpcCeilingCommands>('grpc-ceiling'),
  open: (stage, streams, ceilingAddress) => {
    const target = grpcDeltas(stage, Math.ceil(streams / STREAMS_PER_CONNECTION));
    const ceiling = ceilingAddress !== undefined && { address: ceilingAddress, path: CEILING_STREAM };
    return stage.clients.call('openGrpcStreams', { ...target, ...ceiling }, streams);
  },
};

export const sseDoor: Door = {
  name: 'SSE',
  startCeiling: () => new Remote<SseCeilingCommands>('sse-ceiling'),
  open: (stage, streams, ceilingAddress) => stage.clients.call('openSse', ceilingAddress ?? sseDeltas(stage), streams),
};

export const doors: readonly Door[] = [grpcDoor, sseDoor];
