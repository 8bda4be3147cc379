import { EventService, type GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { CallError, type Door } from '../support/door.js';
import { eventually } from '../support/eventually.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { RestDoor } from '../support/rest.door.js';
import type { GatewayAddress } from './event-streams.js';

/** A gateway lets a client have 200 calls on one connection; each door is a client. */
const MAX_STREAMS_PER_DOOR = 100;
const UNAVAILABLE = 14;

/** A reader of a session that goes on at another gateway, from where the first one said, when that one shuts down. */
class MovingStream {
  readonly sequences: number[] = [];
  /** At the first gateway it reads. */
  isOpen = false;
  /** What the first one said at its end, and when. */
  end: { readonly error: unknown; readonly atMs: number } | undefined;
  /** When the second one told it something. */
  resumedAtMs: number | undefined;
  readonly finished: Promise<void>;

  constructor(
    private readonly sessionId: string,
    here: Door,
    private readonly there: Door,
  ) {
    this.finished = this.follow(here);
  }

  get lastSequence(): string | undefined {
    const error = this.end?.error;
    const isTold = error instanceof CallError && error.code === UNAVAILABLE && error.reason === 'SHUTTING_DOWN';
    return isTold ? error.metadata['lastSequence'] : undefined;
  }

  private async follow(here: Door): Promise<void> {
    try {
      for await (const event of this.open(here, 0n)) {
        this.isOpen = true;
        this.take(event);
      }
    } catch (error) {
      this.end = { error, atMs: performance.now() };
    }
    if (this.lastSequence === undefined) return;
    for await (const event of this.open(this.there, BigInt(this.lastSequence))) {
      this.resumedAtMs ??= performance.now();
      this.take(event);
      if (event.event.case === 'sessionUpdated') return;
    }
  }

  private open(door: Door, afterSequence: bigint): AsyncIterable<GlobalEvent> {
    return door.stream(EventService.method.subscribeSessionEvents, { sessionId: this.sessionId, afterSequence });
  }

  private take({ sequence }: GlobalEvent): void {
    if (sequence !== undefined) this.sequences.push(Number(sequence));
  }
}

/** How streams fared whose gateway was told to stop. */
export interface MovedStreams {
  readonly streams: number;
  /** Ended with UNAVAILABLE and their last sequence. */
  readonly told: number;
  /** Went on at the other gateway. */
  readonly resumed: number;
  /** Got every durable event once. */
  readonly whole: number;
  /** How the others ended, each way once. */
  readonly otherEnds: readonly string[];
  /** Since the signal, of the last of them. */
  readonly lastToldMs: number;
  readonly lastResumedMs: number;
}

/**
 * Opens streams at one gateway, half of them over each door, has it stop, and sees how they go on at another.
 *
 * @param stop - sends the signal
 */
export async function moveStreams(from: GatewayAddress, to: GatewayAddress, count: number, stop: () => void): Promise<MovedStreams> {
  const doors: Door[] = [];
  const connect = ({ grpcAddress, httpUrl }: GatewayAddress, isGrpc: boolean): Door => {
    const door = isGrpc ? new GrpcDoor(grpcAddress) : new RestDoor(httpUrl);
    doors.push(door);
    return door;
  };
  const other = connect(to, true);
  const { id } = await other.call(SessionService.method.createSession, { title: 'before' });
  const streams: MovingStream[] = [];
  for (let isGrpc = true; streams.length < count; isGrpc = !isGrpc) {
    const [here, there] = [connect(from, isGrpc), connect(to, isGrpc)];
    const size = Math.min(MAX_STREAMS_PER_DOOR, Math.ceil(count / 2), count - streams.length);
    streams.push(...Array.from({ length: size }, () => new MovingStream(id, here, there)));
  }
  await eventually(() => streams.every(({ isOpen }) => isOpen));
  const stoppedAtMs = performance.now();
  stop();
  await eventually(() => streams.every(({ end }) => end !== undefined));
  const told = streams.filter(({ lastSequence }) => lastSequence !== undefined);
  await eventually(() => told.every(({ resumedAtMs }) => resumedAtMs !== undefined));
  await other.call(SessionService.method.updateSession, { sessionId: id, title: 'after' });
  await Promise.all(told.map(({ finished }) => finished));
  for (const door of doors) door.close();
  const all = [...new Set(told.flatMap(({ sequences }) => sequences))].sort((a, b) => a - b).join();
  return {
    streams: streams.length,
    told: told.length,
    resumed: told.filter(({ resumedAtMs }) => resumedAtMs !== undefined).length,
    whole: told.filter(({ sequences }) => sequences.join() === all).length,
    otherEnds: [...new Set(streams.filter(({ lastSequence }) => lastSequence === undefined).map(({ end }) => String(end?.error)))],
    lastToldMs: Math.round(Math.max(...streams.map(({ end }) => end?.atMs ?? Infinity)) - stoppedAtMs),
    lastResumedMs: Math.round(Math.max(...told.map(({ resumedAtMs }) => resumedAtMs ?? Infinity)) - stoppedAtMs),
  };
}
