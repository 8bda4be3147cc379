import { fromBinary, toBinary, type DescMethod, type DescService, type Message } from '@bufbuild/protobuf';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { GatewayError } from '../errors/gateway-error.js';
import { requireFewFields } from '../limits/field-count.js';
import { methodPath } from './proto-types.js';

function toBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function toMethodDefinition(method: DescMethod): MethodDefinition<Buffer, Buffer> {
  return {
    path: methodPath(method),
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: (bytes) => bytes,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: (bytes) => bytes,
    responseDeserialize: (bytes) => bytes,
  };
}

/**
 * A service of the contract as grpc-js registers it: bytes in, bytes out.
 *
 * What does not decode would be an INTERNAL failure to grpc-js, and would be decoded for callers who may not come in. Answers of
 * unary calls are encoded where they are counted; streams write frames themselves.
 */
export function toServiceDefinition(service: DescService): ServiceDefinition {
  return Object.fromEntries(service.methods.map((method) => [method.name, toMethodDefinition(method)]));
}

/** @throws GatewayError INVALID_ARGUMENT when the bytes are no such message; RESOURCE_EXHAUSTED when it has too many fields */
export function decodeRequest(method: DescMethod, bytes: Uint8Array): Message {
  try {
    requireFewFields(method.input, bytes);
    return fromBinary(method.input, bytes);
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw new GatewayError('INVALID_ARGUMENT', `The request is no ${method.input.typeName}`, { reason: 'MALFORMED_REQUEST', cause: error });
  }
}

export function encodeAnswer(method: DescMethod, message: Message): Buffer {
  return toBuffer(toBinary(method.output, message));
}
