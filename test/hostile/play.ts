import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { methodPath } from '../../src/common/grpc/proto-types.js';
import { Random } from '../support/random.js';
import { hostileA2ACall, hostileA2ARequest, type A2AGrpcCase, type A2AHttpCase } from './a2a-cases.js';
import { hostileFrames, hostileGrpcCall, hostileRawCall, type GrpcCase, type RawCall } from './grpc-cases.js';
import { hostileCall, hostileWire } from './http-cases.js';

/** Who is attacked. */
export interface Target {
  /** host:port of both doors. */
  readonly http: string;
  readonly grpc: string;
  /** Ids that are there, among those that are not. */
  readonly known: readonly string[];
}

export interface Outcome {
  readonly kind: Kind;
  readonly answer: string;
  /** What a caller must not be able to bring about; undefined: all is well. */
  readonly violation: string | undefined;
}

const KINDS = [
  'call',
  'call',
  'call',
  'grpc',
  'grpc',
  'grpc',
  'raw',
  'wire',
  'frames',
  'a2a',
  'a2a',
  'a2a',
  'a2a-grpc',
  'a2a-grpc',
] as const;
type Kind = (typeof KINDS)[number];

/** A stream that began is left after this; what was not answered by then was no request. */
const PATIENCE_MS = 250;
/** Unary calls are answered; those that wait for a turn are not counted. */
const CALL_TIMEOUT_MS = 60_000;
const WAITING = /\/(Run|Summarize)\w*$|A2AService\/SendMessage$/;
/** INTERNAL, UNKNOWN and DATA_LOSS say that something here is broken. */
const BROKEN: ReadonlySet<number> = new Set([status.INTERNAL, status.UNKNOWN, status.DATA_LOSS]);
/** What truly is not built, or not there. */
const HONEST_5XX: ReadonlySet<number> = new Set([501, 503]);

/** Plays cases: each is made of its own seed alone. */
export class Attacker {
  private readonly client: Client;

  constructor(private readonly target: Target) {
    this.client = new Client(target.grpc, credentials.createInsecure(), { 'grpc.max_receive_message_length': -1 });
  }

  async play(seed: number): Promise<Outcome> {
    const random = new Random(seed);
    // The first numbers of neighbouring seeds are alike.
    for (let skipped = 0; skipped < 3; skipped += 1) random.below(2);
    const kind = random.pick(KINDS);
    switch (kind) {
      case 'call':
        return judgeHttp(kind, await send(this.target.http, hostileCall(random, this.target.http, this.target.known), CALL_TIMEOUT_MS));
      case 'wire':
        return judgeHttp(kind, await send(this.target.http, hostileWire(random, this.target.http), PATIENCE_MS));
      case 'frames':
        await send(this.target.grpc, hostileFrames(random), PATIENCE_MS);
        return { kind, answer: 'frames', violation: undefined };
      case 'raw':
        return judgeRaw(await sendRaw(this.target.grpc, hostileRawCall(random, this.target.known)));
      case 'grpc':
        return this.callContract(hostileGrpcCall(random, this.target.known));
      case 'a2a':
        return judgeA2A(
          await send(this.target.http, toHttp(hostileA2ARequest(random, this.target.known), this.target.http), CALL_TIMEOUT_MS),
        );
      case 'a2a-grpc':
        return this.callGrpc(kind, hostileA2ACall(random, this.target.known));
    }
  }

  close(): void {
    this.client.close();
  }

  private callContract({ method, bytes }: GrpcCase): Promise<Outcome> {
    const isStream = method.methodKind !== 'unary';
    return this.callGrpc('grpc', { path: methodPath(method), isStream, bytes });
  }

  private async callGrpc(kind: Kind, { path, isStream, bytes }: A2AGrpcCase): Promise<Outcome> {
    const isUnary = !isStream;
    const options = { deadline: Date.now() + (isUnary ? CALL_TIMEOUT_MS : PATIENCE_MS) };
    const pass = (value: Buffer): Buffer => value;
    const error = await new Promise<ServiceError | null>((resolve) => {
      if (isUnary) return void this.client.makeUnaryRequest(path, pass, pass, bytes, options, resolve);
      const stream = this.client.makeServerStreamRequest(path, pass, pass, bytes, options);
      stream
        .on('error', resolve)
        .on('end', () => resolve(null))
        .resume();
    });
    const code = error?.code ?? status.OK;
    const isSilent = isUnary && !WAITING.test(path) && code === status.DEADLINE_EXCEEDED && /Deadline exceeded/.test(error?.details ?? '');
    const isBroken = BROKEN.has(code) || isSilent;
    return { kind, answer: status[code] ?? String(code), violation: isBroken ? `${path}: ${code} ${error?.details}` : undefined };
  }
}

/** Writes bytes to a new connection, and gives what comes until it closes, or is silent. */
function send(address: string, bytes: Buffer, patienceMs: number): Promise<string> {
  const { hostname, port } = new URL(`http://${address}`);
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(port), hostname);
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      // An event stream does not end; what follows its first words is of no interest.
      if (/^content-type: text\/event-stream|transfer-encoding: chunked/im.test(answer)) setTimeout(() => socket.destroy(), PATIENCE_MS);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
    socket.write(bytes);
  });
}

function toHttp({ verb, path, headers, body }: A2AHttpCase, host: string): Buffer {
  const type = body.length > 0 ? ['content-type: application/json'] : [];
  const lines = [`${verb} ${path} HTTP/1.1`, `host: ${host}`, 'connection: close', `content-length: ${body.length}`, ...type, ...headers];
  return Buffer.concat([Buffer.from([...lines, '', ''].join('\r\n'), 'latin1'), body]);
}

/** As any answer over HTTP; JSON-RPC says in the body that something here is broken. */
function judgeA2A(answer: string): Outcome {
  const outcome = judgeHttp('a2a', answer);
  const isBroken = /"code":-32603/.test(answer);
  return isBroken ? { ...outcome, violation: answer.slice(0, 2_000) } : outcome;
}

function judgeHttp(kind: Kind, answer: string): Outcome {
  const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, code]) => Number(code));
  const broken = statuses.find((code) => code >= 500 && !HONEST_5XX.has(code));
  return {
    kind,
    answer: String(statuses[0] ?? 'none'),
    violation: broken === undefined && (kind === 'wire' || statuses.length > 0) ? undefined : answer.slice(0, 2_000) || 'no answer',
  };
}

/** Gives the HTTP status and the gRPC status of the answer, or of what was reset. */
function sendRaw(address: string, { headers, body }: RawCall): Promise<string> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://${address}`);
    let answer = 'none';
    const timer = setTimeout(() => session.destroy(), PATIENCE_MS);
    session.on('error', () => undefined);
    session.on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
    const stream = session.request(headers);
    const hear = (heard: Readonly<Record<string, string | string[] | number | undefined>>): void => {
      answer = [heard[':status'], heard['grpc-status'], heard['grpc-message']].join(' ');
    };
    stream
      .on('response', hear)
      .on('trailers', hear)
      .on('error', () => undefined);
    stream.on('close', () => session.close());
    stream.resume().end(body);
  });
}

function judgeRaw(answer: string): Outcome {
  const [httpStatus = '', grpcStatus = ''] = answer.split(' ');
  const isBroken = BROKEN.has(Number(grpcStatus)) || (Number(httpStatus) >= 500 && !HONEST_5XX.has(Number(httpStatus)));
  return { kind: 'raw', answer: `${httpStatus}/${grpcStatus}`, violation: isBroken ? answer : undefined };
}
