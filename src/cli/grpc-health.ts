import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus,
  HealthCheckResponseSchema,
} from '../common/grpc/generated/grpc/health/v1/health_pb.js';

/** What grpc.health.v1 says of the server as a whole: SERVING, NOT_SERVING or UNKNOWN. */
export async function askGrpcHealth(address: string, isTls: boolean, timeoutMs: number): Promise<string> {
  const secured = isTls ? credentials.createSsl(null, null, null, { rejectUnauthorized: false }) : credentials.createInsecure();
  // Proxies of the environment are for other machines; and an address is no name that TLS may ask for.
  const client = new Client(address, secured, { 'grpc.enable_http_proxy': 0, 'grpc.ssl_target_name_override': 'localhost' });
  try {
    const { status } = await new Promise<{ status: HealthCheckResponse_ServingStatus }>((resolve, reject) => {
      client.makeUnaryRequest(
        `/${Health.typeName}/${Health.method.check.name}`,
        (request) => Buffer.from(toBinary(HealthCheckRequestSchema, request)),
        (bytes: Buffer) => fromBinary(HealthCheckResponseSchema, bytes),
        create(HealthCheckRequestSchema),
        { deadline: Date.now() + timeoutMs },
        (error, response) => (response === undefined ? reject(error ?? new Error('no answer')) : resolve(response)),
      );
    });
    return HealthCheckResponse_ServingStatus[status] ?? 'UNKNOWN';
  } finally {
    client.close();
  }
}
