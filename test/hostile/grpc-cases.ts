import { create, fromJson, toBinary, type DescMethod } from '@bufbuild/protobuf';
import { methodPath, protoServices, protoTypes } from '../../src/common/grpc/proto-types.js';
import type { Random } from '../support/random.js';
import { hostileMessage } from './values.js';

const METHODS = protoServices.flatMap(({ methods }) => methods);
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const MAX_FRAMES = 60;

export interface GrpcCase {
  readonly method: DescMethod;
  readonly bytes: Buffer;
}

/** A call whose message nobody expects, is damaged, or is none. */
export function hostileGrpcCall(random: Random, known: readonly string[]): GrpcCase {
  const method = random.pick(METHODS);
  const kind = random.below(8);
  if (kind === 0) return { method, bytes: random.bytes(random.below(300)) };
  const bytes = messageOf(random, method, known);
  if (kind < 3 && bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return { method, bytes: kind === 3 ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes };
}

/** What the generator makes for JSON may be no message of the type: then its kind with nothing in it. */
function messageOf(random: Random, { input }: DescMethod, known: readonly string[]): Buffer {
  try {
    return Buffer.from(
      toBinary(input, fromJson(input, hostileMessage(random, input, known), { ignoreUnknownFields: true, registry: protoTypes })),
    );
  } catch {
    return Buffer.from(toBinary(input, create(input)));
  }
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(stream >>> 0, 5);
  return Buffer.concat([bytes, payload]);
}

/** Bytes that are not quite HTTP/2: a spoiled preface, frames out of order, floods of settings and pings, half frames. */
export function hostileFrames(random: Random): Buffer {
  if (random.below(6) === 0) return random.bytes(random.below(400));
  if (random.below(6) === 0) return PREFACE.subarray(0, random.below(PREFACE.length));
  const settings = frame(4, 0, 0, Buffer.alloc(0));
  const flood = random.pick([
    settings,
    frame(6, 0, 0, Buffer.alloc(8)),
    frame(3, 0, 1, Buffer.alloc(4)),
    frame(8, 0, 0, Buffer.from([0x7f, 255, 255, 255])),
  ]);
  if (random.below(4) === 0) return Buffer.concat([PREFACE, settings, ...Array.from({ length: 1_000 }, () => flood)]);
  const frames = Array.from({ length: 1 + random.below(MAX_FRAMES) }, () =>
    frame(
      random.below(12),
      random.below(256),
      random.pick([0, 1, 1, 2, 3, 2 ** 31 - 1, 2 ** 31]),
      random.bytes(random.pick([0, 4, 5, 6, 8, 30])),
    ),
  );
  const all = Buffer.concat([PREFACE, settings, ...frames]);
  return random.below(3) === 0 ? all.subarray(0, all.length - random.below(20)) : all;
}

export interface RawCall {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const CALL_HEADERS = [
  ['content-type', ['application/grpc+json', 'application/grpc-web', 'application/json', 'text/plain', 'application/grpcx', '']],
  ['grpc-timeout', ['x', '0n', '-1S', '99999999999H', '1m', '']],
  ['grpc-encoding', ['gzip', 'deflate', 'identity', 'x', '']],
  ['grpc-accept-encoding', ['gzip', ',,,', 'x']],
  ['authorization', ['Bearer', 'Basic eDp5']],
  ['x-bin', ['!!!', 'AAAA']],
  ['x-y-bin', ['*', 'AA,AA']],
  [':method', ['GET', 'OPTIONS', 'FOO']],
  [':path', ['/', '/x', '/a/b/c', '/opencode.v1.OpenCodeService/', '//', '/%00', '/__proto__/toString', '*', `/${'"'.repeat(40_000)}`]],
  ['te', ['trailers']],
  ['x-request-id', ['a b', 'x'.repeat(200)]],
  ['last-event-id', ['x', '-1']],
] as const;

/** A gRPC call whose headers or framing nobody expects, over sound HTTP/2. */
export function hostileRawCall(random: Random, known: readonly string[]): RawCall {
  const { method, bytes } = hostileGrpcCall(random, known);
  const headers: Record<string, string> = {
    ':method': 'POST',
    ':path': methodPath(method),
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const [name, values] = random.pick(CALL_HEADERS);
    headers[name] = random.pick<string>(values);
  }
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(random.pick([0, 0, 0, 1, 2, 255]), 0);
  prefix.writeUInt32BE(random.pick([bytes.length, bytes.length, bytes.length + 1, 0, 2 ** 32 - 1]), 1);
  const message = Buffer.concat([prefix, bytes]);
  return {
    headers,
    body: random.pick([message, message, Buffer.concat([message, message]), bytes, message.subarray(0, 3), Buffer.alloc(0)]),
  };
}
