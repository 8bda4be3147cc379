import { create, toBinary, type DescMessage, type DescMethod, type MessageInitShape } from '@bufbuild/protobuf';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { methodPath } from '../../src/common/grpc/proto-types.js';
import type { GrpcTarget } from '../loads/grpc-streams.load.js';
import type { Offered } from '../loads/offered-calls.js';
import type { ClientsCommands } from '../processes/clients.js';
import { SESSION_ID } from '../processes/upstream-frames.js';
import { Remote } from '../remote.js';
import { onStage, type Stage } from '../stage.js';
import { formatCount, median, percentile, type Row } from '../table.js';

const PER_SECOND = 20;
const OVERLOAD = 10;
const CONNECTIONS = 8;
const PROBES_PER_SECOND = 5;
const TURN_S = 20;
/** A minute's calls are there at the start; at ten times the limit they are used up before that. */
const DRAIN_MS = 8_000;
const MAX_RATIO = 2;
const MAX_PROBE_MS = 1_000;
const MB = 1_000_000;
const SETTINGS = { RATE_LIMIT_PER_MINUTE: String(PER_SECOND * 60) };

type Callers = Remote<ClientsCommands>;
type Offer = (perSecond: number, durationMs: number) => Promise<Offered>;

/** One door: calls that are limited, and two that never are. */
interface OfferedDoor {
  readonly name: string;
  readonly limited: Offer;
  readonly health: Offer;
  readonly abort: Offer;
}

/** Ten times as many calls as one caller may make: what is served stays as fast, and health and abort are answered. */
export async function overloadRows(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const doorOf of [grpcDoor, restDoor]) {
    // Callers of their own, who do not wait for those who call too much.
    const others = new Remote<ClientsCommands>('clients');
    try {
      rows.push(await onStage((stage) => measure(stage, doorOf(stage, others), seconds), { settings: SETTINGS }));
    } finally {
      await others.stop();
    }
  }
  return rows;
}

interface Turns {
  readonly atLimit: Offered;
  readonly offered: Offered;
  /** Health and abort. */
  readonly probes: readonly Offered[];
}

/** The two loads in turns, so that a noisy machine disturbs both. */
async function measure({ gateway }: Stage, door: OfferedDoor, seconds: number): Promise<Row> {
  await door.limited(PER_SECOND * OVERLOAD, DRAIN_MS);
  const before = await gateway.call('usageAfterGc');
  const turns: Turns[] = [];
  for (let passed = 0; passed < seconds; passed += TURN_S) {
    const atLimit = await door.limited(PER_SECOND, TURN_S * 1_000);
    const [offered, ...probes] = await Promise.all([
      door.limited(PER_SECOND * OVERLOAD, TURN_S * 1_000),
      door.health(PROBES_PER_SECOND, TURN_S * 1_000),
      door.abort(PROBES_PER_SECOND, TURN_S * 1_000),
    ]);
    turns.push({ atLimit, offered, probes });
  }
  const after = await gateway.call('usageAfterGc');
  return toRow(door.name, turns, (after.rssBytes - before.rssBytes) / MB);
}

function toRow(name: string, turns: readonly Turns[], growthMb: number): Row {
  const probes = turns.flatMap((turn) => turn.probes);
  const slowestMs = Math.max(...probes.flatMap(({ servedMs }) => servedMs));
  const ratio = median(turns.map(({ atLimit, offered }) => p99(offered) / p99(atLimit)));
  const lost = sum([...turns.flatMap(({ atLimit, offered }) => [atLimit, offered]), ...probes].map((one) => one.lost));
  const answeredWrong = lost + sum(probes.map(({ refused }) => refused));
  return {
    what: `${name}, ${OVERLOAD} times the limit of ${formatCount(PER_SECOND * 60)} calls a minute for ${turns.length * TURN_S} s`,
    gateway: `served ${toText(turns.map(({ offered }) => offered))}`,
    comparedWith: `at the limit: ${toText(turns.map(({ atLimit }) => atLimit))}`,
    result: `p99 ratio ${ratio.toFixed(2)}; health and abort ≤ ${slowestMs.toFixed(0)} ms; ${answeredWrong} answered otherwise; RSS ${growthMb >= 0 ? '+' : ''}${growthMb.toFixed(1)} MB`,
    throughput: `${formatCount(sum(turns.map(({ offered }) => offered.servedMs.length)))} served, ${formatCount(sum(turns.map(({ offered }) => offered.refused)))} refused`,
    target: `ratio ≤ ${MAX_RATIO}, health and abort ≤ ${MAX_PROBE_MS} ms`,
    reached: ratio <= MAX_RATIO && slowestMs <= MAX_PROBE_MS && answeredWrong === 0,
  };
}

function p99({ servedMs }: Offered): number {
  return percentile(servedMs, 0.99);
}

function toText(loads: readonly Offered[]): string {
  return `p50 ${median(loads.flatMap(({ servedMs }) => servedMs)).toFixed(1)} ms, p99 ${median(loads.map(p99)).toFixed(1)} ms`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function grpcDoor({ clients, grpcAddress }: Stage, others: Callers): OfferedDoor {
  const offer = <I extends DescMessage>(callers: Callers, method: DescMethod & { input: I }, init: MessageInitShape<I>): Offer => {
    const request = toBinary(method.input, create(method.input, init));
    const target: GrpcTarget = {
      address: grpcAddress,
      path: methodPath(method),
      request,
      connections: callers === clients ? CONNECTIONS : 1,
    };
    return (perSecond, durationMs) => callers.call('offerGrpc', target, perSecond, durationMs);
  };
  return {
    name: 'gRPC',
    limited: offer(clients, SessionService.method.getSession, { sessionId: SESSION_ID }),
    health: offer(others, OpenCodeService.method.health, {}),
    abort: offer(others, MessageService.method.abortSession, { sessionId: SESSION_ID }),
  };
}

function restDoor({ clients, httpUrl }: Stage, others: Callers): OfferedDoor {
  const offer = (callers: Callers, method: 'GET' | 'POST', path: string): Offer => {
    return (perSecond, durationMs) => callers.call('offerHttp', { url: httpUrl + path, method }, perSecond, durationMs);
  };
  return {
    name: 'REST',
    limited: offer(clients, 'GET', `/sessions/${SESSION_ID}`),
    health: offer(others, 'GET', '/health'),
    abort: offer(others, 'POST', `/sessions/${SESSION_ID}/abort`),
  };
}
