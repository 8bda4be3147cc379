import { runTasks } from '../loads/a2a-tasks.load.js';
import { GrpcCallsLoad } from '../loads/grpc-calls.load.js';
import { HttpCallsLoad } from '../loads/http-calls.load.js';
import { GrpcStreamsLoad, type GrpcTarget } from '../loads/grpc-streams.load.js';
import { offerGrpc, offerHttp } from '../loads/offered-calls.js';
import { isCallLoad, type Load } from '../loads/load.js';
import { SseLoad } from '../loads/sse.load.js';
import { serve } from '../remote.js';

/** Everybody who reads from or calls a server, away from the servers' CPU accounts. */
export type ClientsCommands = typeof commands;

const loads = new Map<number, Load>();

async function open(load: Load): Promise<number> {
  const id = loads.size;
  loads.set(id, load);
  await load.opened;
  return id;
}

function loadOf(id: number): Load {
  const load = loads.get(id);
  if (load === undefined) throw new Error(`no load ${id}`);
  return load;
}

const commands = {
  openGrpcStreams: (target: GrpcTarget, streams: number): Promise<number> => open(new GrpcStreamsLoad(target, streams)),
  openGrpcCalls: (target: GrpcTarget, callers: number): Promise<number> => open(new GrpcCallsLoad(target, callers)),
  openHttpCalls: (url: string, callers: number): Promise<number> => open(new HttpCallsLoad(url, callers)),
  openSse: (url: string, streams: number): Promise<number> => open(new SseLoad(url, streams)),

  runTasks,
  offerGrpc,
  offerHttp,

  callFor(id: number, durationMs: number): Promise<number> {
    const load = loadOf(id);
    if (!isCallLoad(load)) throw new Error(`load ${id} does not call`);
    return load.callFor(durationMs);
  },

  counts(id: number): { readonly count: number; readonly lost: number } {
    const { count, lost } = loadOf(id);
    return { count, lost };
  },

  sample: (id: number): Uint8Array => loadOf(id).sample(),
  pause: (id: number): void => loadOf(id).pause(),
  close: (id: number): void => loadOf(id).close(),
};

serve(commands);
