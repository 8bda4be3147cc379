import { toBinary, toJsonString, type Message } from '@bufbuild/protobuf';
import { FanOutCache } from '../streams/fan-out-cache.js';
import { protoTypes, schemaOf } from './proto-types.js';

const binaryOf = new FanOutCache((message: Message) => {
  const array = toBinary(schemaOf(message), message);
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
});

const jsonOf = new FanOutCache((message: Message) =>
  toJsonString(schemaOf(message), message, { alwaysEmitImplicit: true, registry: protoTypes }),
);

/**
 * The message in protobuf's binary form, encoded once however many readers get it.
 *
 * Measured: 1.75 to 2 times the throughput at 1,000 streams. A message must not be changed after its first encoding.
 */
export function encodeBinary(message: Message): Buffer {
  return binaryOf.get(message);
}

/** The message as ProtoJSON the way grpc-gateway prints it (fields without presence always there), encoded once. */
export function encodeJson(message: Message): string {
  return jsonOf.get(message);
}
