import type { AdmissionLimits } from './common/access/admission.js';
import { allowsAnonymous, type Config } from './common/config/config.js';
import type { GatewayGrpcOptions } from './common/grpc/gateway-grpc-server.js';
import type { HttpServerLimits } from './common/http/http-limits.js';
import { WebAccess } from './common/http/web-access.js';
import type { RequestBounds } from './common/limits/call-limits.js';
import { FailedAccess } from './common/limits/failed-access.js';
import { PrincipalRate } from './common/limits/principal-rate.js';
import type { OpenStreamsOptions } from './common/streams/open-streams.js';

/** What the doors are told of the settings, in their own words. */

const MAX_WATCHES = 1_000;

export function admissionLimits(config: Config): AdmissionLimits {
  return { rate: new PrincipalRate(config.RATE_LIMIT_PER_MINUTE), failures: new FailedAccess(config.ACCESS_FAILURES_PER_MINUTE) };
}

export function streamSettings(config: Config): Omit<OpenStreamsOptions, 'isWelcome'> {
  return {
    bounds: { maxMessages: config.STREAM_QUEUE_MESSAGES, maxBytes: config.STREAM_QUEUE_BYTES },
    heartbeatS: config.HEARTBEAT_S,
    leaveAfterS: config.GRPC_MAX_CONNECTION_AGE_GRACE_S,
    maxStreams: config.MAX_STREAMS,
    maxStreamsPerPrincipal: config.MAX_STREAMS_PER_PRINCIPAL,
  };
}

/** Who watches our health may be anybody, and takes no room from those who read. */
export function watchSettings(config: Config): OpenStreamsOptions {
  return { ...streamSettings(config), maxStreams: MAX_WATCHES, maxStreamsPerPrincipal: MAX_WATCHES, isWelcome: () => true };
}

export function grpcSettings(
  config: Config,
): Omit<GatewayGrpcOptions, 'streams' | 'watches' | 'admission' | 'calls' | 'tls' | 'observer' | 'tracer' | 'payloads' | 'foreign'> {
  return {
    host: config.HOST,
    port: config.GRPC_PORT,
    keepaliveS: config.GRPC_KEEPALIVE_S,
    maxConnectionAgeS: config.GRPC_MAX_CONNECTION_AGE_S,
    reflection: config.GRPC_REFLECTION,
    limits: {
      ...requestBounds(config),
      maxForeignBytes: maxAgentBytes(config),
      maxConnections: config.MAX_CONNECTIONS,
      requestTimeoutS: config.REQUEST_TIMEOUT_S,
      maxConcurrentStreams: config.GRPC_MAX_CONCURRENT_STREAMS,
      maxConnectionIdleS: config.GRPC_MAX_CONNECTION_IDLE_S,
    },
  };
}

export function httpLimits(config: Config): HttpServerLimits {
  return {
    ...requestBounds(config),
    maxAgentBytes: maxAgentBytes(config),
    maxHeaderBytes: config.MAX_HEADER_BYTES,
    maxConnections: config.MAX_CONNECTIONS,
    requestTimeoutS: config.REQUEST_TIMEOUT_S,
    keepaliveS: config.HTTP_KEEPALIVE_S,
  };
}

/** Who must show a token is safe from web pages, which have none; who need not is told apart by nothing but names. */
export function webAccess(config: Config): WebAccess {
  const { HTTP_ALLOWED_HOSTS, CORS_ORIGINS = [], PUBLIC_URL } = config;
  const hosts = HTTP_ALLOWED_HOSTS ?? (allowsAnonymous(config) ? [] : undefined);
  return new WebAccess({ hosts, origins: CORS_ORIGINS, publicUrl: PUBLIC_URL });
}

/** Over either door. */
function maxAgentBytes({ A2A_MAX_REQUEST_BODY_BYTES, MAX_REQUEST_BYTES }: Config): number {
  return A2A_MAX_REQUEST_BODY_BYTES === 0 ? MAX_REQUEST_BYTES : A2A_MAX_REQUEST_BODY_BYTES;
}

function requestBounds(config: Config): RequestBounds {
  return { maxBytes: config.MAX_REQUEST_BYTES, maxSmallBytes: config.MAX_SMALL_REQUEST_BYTES };
}
