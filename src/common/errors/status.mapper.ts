import { create, toBinary, toJson, type DescMessage, type JsonValue, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import { Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../grpc/generated/google/rpc/error_details_pb.js';
import { StatusSchema, type Status } from '../grpc/generated/google/rpc/status_pb.js';
import { protoTypes } from '../grpc/proto-types.js';
import type { GatewayError } from './gateway-error.js';
import { STATUS_TABLE } from './status-table.js';

const ERROR_DOMAIN = 'opencode-gateway';

function pack<Schema extends DescMessage>(schema: Schema, init: MessageInitShape<Schema>) {
  return anyPack(schema, create(schema, init));
}

/** @see google/rpc/status.proto, google/rpc/error_details.proto */
export function toStatus(error: GatewayError): Status {
  const details = [pack(ErrorInfoSchema, { reason: error.reason, domain: ERROR_DOMAIN, metadata: { ...error.metadata } })];
  if (error.violations.length > 0)
    details.push(pack(BadRequestSchema, { fieldViolations: error.violations.map((violation) => ({ ...violation })) }));
  if (error.retryAfterMs !== undefined) details.push(pack(RetryInfoSchema, { retryDelay: durationFromMs(error.retryAfterMs) }));
  return create(StatusSchema, { code: STATUS_TABLE[error.code].grpc, message: error.message, details });
}

/** The error as grpc-js sends it: code, text, and the details in `grpc-status-details-bin`. */
export function toGrpcError(error: GatewayError): Partial<StatusObject> & Pick<ServiceError, 'code' | 'details' | 'metadata'> {
  const metadata = new Metadata();
  const status = toStatus(error);
  metadata.set('grpc-status-details-bin', Buffer.from(toBinary(StatusSchema, status)));
  return { code: status.code, details: error.message, metadata };
}

/** google.rpc.Status as JSON: the body of a refused REST call. */
export function toStatusJson(error: GatewayError): JsonValue {
  return toJson(StatusSchema, toStatus(error), { registry: protoTypes, alwaysEmitImplicit: true });
}

/** The same error as RFC 9457 problem details. @see https://www.rfc-editor.org/rfc/rfc9457 */
export function toProblem(error: GatewayError, httpStatus: number, instance: string): Record<string, unknown> {
  return {
    type: `urn:opencode-gateway:error:${error.reason.toLowerCase()}`,
    title: STATUS_TABLE[error.code].title,
    status: httpStatus,
    detail: error.message,
    instance,
    code: error.code,
    reason: error.reason,
    ...(Object.keys(error.metadata).length > 0 && { metadata: error.metadata }),
    ...(error.violations.length > 0 && { violations: error.violations }),
  };
}
