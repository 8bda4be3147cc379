import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toArrivedCall } from '../../src/common/calls/arrived-call.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { methodPath } from '../../src/common/grpc/proto-types.js';
import { NO_SPAN, NoTracer } from '../../src/common/tracing/tracer.js';
import { callingSide, endure, toRow, warmUp, type Contest, type Outcome, type Side } from '../compare.js';
import type { ClientsCommands } from '../processes/clients.js';
import type { GatewayCommands } from '../processes/gateway.js';
import type { UpstreamCommands } from '../processes/upstream.js';
import { Remote } from '../remote.js';
import { grpcDeltas, type Stage } from '../stage.js';
import type { Row } from '../table.js';

const CONNECTIONS = 4;
const CALLERS = 32;
const STREAMS = 100;
const DELTAS_PER_SECOND = 600;
/** With 6 s the medians of a day's runs differed by up to 0.03. */
const WARM_UP_MS = 15_000;
/** Of the HTTP door, as probes make them: Node's stream functions are compiled for both doors then, and not for one side alone. */
const HTTP_CALLS = 300;
/** Two processes of the same program differ by up to a tenth, as they happen to be compiled and laid out: more than what is looked for. */
const PAIRS = 8;
/** On with one call of a hundred may cost a twentieth: the cost of off over the cost of on. */
const TARGET = 0.95;
const SEAM_CALLS = 1_000_000;
const NANOS = 1_000_000;

/** A call that needs nobody, and one that asks OpenCode: that is told of its trace too. */
const UNARY = [
  ['unary Health', OpenCodeService.method.health],
  ['unary ListSessionStatuses, which asks OpenCode', SessionService.method.listSessionStatuses],
] as const;

/** Two gateways in front of one OpenCode: one that traces one call of a hundred, and one that traces none. */
interface Pair extends Both<Stage> {
  readonly isOnFirst: boolean;
}

interface Both<T> {
  readonly on: T;
  readonly off: T;
}

type Bout = (pair: Pair) => Promise<Contest>;

const BOUTS: readonly Bout[] = [...UNARY.map(([name, method]) => toUnaryBout(name, methodPath(method))), streamContest];

/** What traces cost where one call of a hundred is recorded, and what the place for them costs where none is. */
export async function tracingRows(): Promise<Row[]> {
  const collector = createServer((request, response) => void request.resume().on('end', () => response.end('{}')));
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const settings = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.01',
  };
  try {
    const pairs: (readonly [Contest, Outcome])[][] = [];
    for (let pair = 0; pair < PAIRS; pair += 1) pairs.push(await withPair(settings, pair % 2 === 0, playAll));
    const traced =
      pairs[0]?.map(([contest], index) =>
        toRow(
          contest,
          pairs.flatMap((played) => played[index]?.[1] ?? []),
        ),
      ) ?? [];
    return [...traced, seamRow()];
  } finally {
    collector.closeAllConnections();
    collector.close();
  }
}

async function withPair<T>(settings: Readonly<Record<string, string>>, isOnFirst: boolean, work: (pair: Pair) => Promise<T>): Promise<T> {
  const upstream = new Remote<UpstreamCommands>('upstream');
  const clients = new Remote<ClientsCommands>('clients');
  const [on, off] = [new Remote<GatewayCommands>('gateway'), new Remote<GatewayCommands>('gateway')];
  try {
    const upstreamUrl = await upstream.call('start');
    const shared = { upstream, upstreamUrl, clients };
    const stages = await inOrder(
      isOnFirst,
      async () => ({ ...shared, gateway: on, ...(await on.call('start', upstreamUrl, { settings })) }),
      async () => ({ ...shared, gateway: off, ...(await off.call('start', upstreamUrl)) }),
    );
    return await work({ ...stages, isOnFirst });
  } finally {
    await Promise.all([clients, on, off, upstream].map((remote) => remote.stop()));
  }
}

/** Who connects first is told everything first, and pays for waking the other up: the two take turns at that from pair to pair. */
async function inOrder<T>(isOnFirst: boolean, on: () => Promise<T>, off: () => Promise<T>): Promise<Both<T>> {
  if (isOnFirst) return { on: await on(), off: await off() };
  return { off: await off(), on: await on() };
}

async function playAll(pair: Pair): Promise<(readonly [Contest, Outcome])[]> {
  const played: (readonly [Contest, Outcome])[] = [];
  for (const { httpUrl } of [pair.on, pair.off]) {
    for (let call = 0; call < HTTP_CALLS; call += 1) await (await fetch(`${httpUrl}/health`)).text();
  }
  for (const begin of BOUTS) {
    const contest = await begin(pair);
    await warmUp(contest, WARM_UP_MS);
    played.push([contest, await endure(contest)]);
  }
  return played;
}

function toUnaryBout(name: string, path: string): Bout {
  return (pair) => unaryContest(pair, name, path);
}

async function unaryContest({ on, off, isOnFirst }: Pair, name: string, path: string): Promise<Contest> {
  const { clients } = on;
  const side = async ({ gateway, grpcAddress }: Stage): Promise<Side> => {
    const target = { request: Buffer.alloc(0), connections: CONNECTIONS, address: grpcAddress, path };
    const loadId = await clients.call('openGrpcCalls', target, CALLERS);
    return callingSide(clients, gateway, loadId);
  };
  const sides = await inOrder(
    isOnFirst,
    () => side(on),
    () => side(off),
  );
  const what = `gRPC, ${name}, traced at 1 %, against off`;
  return { what, unit: 'calls', clients, gateway: sides.on, ceiling: sides.off, offeredPerSecond: undefined, target: TARGET };
}

async function streamContest({ on, off, isOnFirst }: Pair): Promise<Contest> {
  const { clients, upstream } = on;
  const side = async (stage: Stage, run: Side['run']): Promise<Side> => {
    const loadId = await clients.call('openGrpcStreams', grpcDeltas(stage, CONNECTIONS), STREAMS);
    return { server: stage.gateway, loadId, run };
  };
  // Both follow one OpenCode: what is played is told to both, and in the other's turns there is nothing left to do.
  const sides = await inOrder(
    isOnFirst,
    () => side(on, (durationMs) => upstream.call('play', DELTAS_PER_SECOND, durationMs, 'gateway')),
    () => side(off, () => Promise.resolve()),
  );
  const what = `gRPC, ${STREAMS} streams, ${DELTAS_PER_SECOND} deltas/s, traced at 1 %, against off`;
  return {
    what,
    unit: 'msg',
    clients,
    gateway: sides.on,
    ceiling: sides.off,
    offeredPerSecond: DELTAS_PER_SECOND * STREAMS,
    target: TARGET,
  };
}

/** What a call and its request to OpenCode do for traces where there are none, beside the id that every call has. */
function seamRow(): Row {
  const tracer = new NoTracer();
  const headers = { 'x-request-id': 'a-callers-own' };
  const describe = () => ({ name: '', kind: 'server' as const });
  const work = (): Readonly<Record<string, string>> => tracer.headersOf();
  const play = (): number => {
    const startedAtMs = performance.now();
    for (let calls = 0; calls < SEAM_CALLS; calls += 1) {
      const { span } = toArrivedCall(tracer, headers, describe);
      if (span === NO_SPAN && !tracer.current().isRecorded) work();
    }
    return ((performance.now() - startedAtMs) * NANOS) / SEAM_CALLS;
  };
  play();
  return {
    what: 'the place for traces in a call and its request to OpenCode, off',
    gateway: `${play().toFixed(0)} ns`,
    comparedWith: '–',
    result: 'taking in the id of the request too',
    throughput: '–',
    target: 'none',
    reached: undefined,
  };
}
