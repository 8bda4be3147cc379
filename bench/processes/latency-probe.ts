import { performance } from 'node:perf_hooks';
import { request } from 'node:http';
import { fromBinary } from '@bufbuild/protobuf';
import { GlobalEventSchema } from '../../src/common/grpc/generated/event_pb.js';
import { connect, identity, type GrpcTarget } from '../loads/grpc-streams.load.js';
import { serve } from '../remote.js';

/** Reads the same deltas twice, straight from OpenCode and through the gateway, on one clock. */
export type LatencyProbeCommands = typeof commands;

/** Ms on the clock of this process, by delta. */
const directAtMs = new Map<string, number>();
const throughGatewayAtMs = new Map<string, number>();

function readDirectly(upstreamUrl: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = '';
    const outgoing = request(`${upstreamUrl}/global/event`, (response) => {
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const nowMs = performance.now();
        const frames = (rest + chunk).split('\n\n');
        rest = frames.pop() ?? '';
        for (const frame of frames) {
          const delta = /"delta":"(w\d+ )"/.exec(frame)?.[1];
          if (delta !== undefined) directAtMs.set(delta, nowMs);
        }
        resolve();
      });
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

function readThroughGateway(target: GrpcTarget): Promise<void> {
  const [client] = connect(target);
  return new Promise((resolve, reject) => {
    const call = client?.makeServerStreamRequest(target.path, identity, identity, Buffer.from(target.request));
    call?.on('data', (bytes: Buffer) => {
      const nowMs = performance.now();
      const { event } = fromBinary(GlobalEventSchema, bytes);
      const delta = event.case === 'messagePartUpdated' ? event.value.delta : undefined;
      if (delta !== undefined) throughGatewayAtMs.set(delta, nowMs);
      resolve();
    });
    call?.once('error', reject);
  });
}

const commands = {
  async start(upstreamUrl: string, target: GrpcTarget): Promise<void> {
    await Promise.all([readDirectly(upstreamUrl), readThroughGateway(target)]);
  },

  /** What the gateway added to each delta since the last time, in ms. */
  takeAddedMs(): number[] {
    const added = [...throughGatewayAtMs].flatMap(([delta, atMs]) => {
      const directMs = directAtMs.get(delta);
      return directMs === undefined ? [] : [atMs - directMs];
    });
    directAtMs.clear();
    throughGatewayAtMs.clear();
    return added;
  },
};

serve(commands);
