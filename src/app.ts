import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { filter, firstValueFrom, race, timer } from 'rxjs';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { admissionLimits, grpcSettings, httpLimits, streamSettings, watchSettings, webAccess } from './app.settings.js';
import { stopInOrder, type StopParts } from './app.stop.js';
import { Admission } from './common/access/admission.js';
import { Principals } from './common/access/principals.js';
import { routeScopes } from './common/access/scopes.js';
import { toAll, type CallObserver } from './common/calls/finished-call.js';
import { allowsAnonymous, StartError, type Config } from './common/config/config.js';
import { PublicAddresses } from './common/config/public-addresses.js';
import type { ForeignService } from './common/grpc/foreign-service.js';
import { GatewayGrpcServer } from './common/grpc/gateway-grpc-server.js';
import { GatewayHttpAdapter } from './common/http/gateway-http.adapter.js';
import { admitOverHttp } from './common/http/http-admission.js';
import { watchHttpCalls } from './common/http/http-calls.js';
import { HttpDrain } from './common/http/http-drain.js';
import { logHttpPayloads } from './common/http/http-payload-log.js';
import { limitHttp, type HttpServerLimits } from './common/http/http-limits.js';
import { addUnbuiltRoutes } from './common/http/unbuilt-routes.js';
import { guardFromWebPages } from './common/http/web-guard.js';
import { CallsInFlight } from './common/limits/calls-in-flight.js';
import { createCallLogs } from './common/logging/call-logs.js';
import { logStyle, openLogDestination } from './common/logging/log-destination.js';
import { createLogger, PinoNestLogger } from './common/logging/logger.js';
import type { PayloadLog } from './common/logging/payload-log.js';
import { CallMetrics } from './common/metrics/call.metrics.js';
import { Metrics } from './common/metrics/metrics.js';
import { registerStreamMetrics } from './common/metrics/stream.metrics.js';
import { LogScrubber } from './common/redaction/log-scrubber.js';
import { OpenStreams } from './common/streams/open-streams.js';
import { TlsFiles } from './common/tls/tls-files.js';
import { CallSpans } from './common/tracing/call-spans.js';
import { openTracer } from './common/tracing/open-tracer.js';
import type { Tracer } from './common/tracing/tracer.js';
import { A2AGrpcServices } from './modules/a2a/grpc/a2a-grpc.services.js';
import { EventHub } from './modules/event/event.hub.js';
import { HealthService } from './modules/health/health.service.js';
import { TurnCloser } from './modules/message/turn.closer.js';

/** For what a stopping gateway still has to tell of its traces. */
const FLUSH_TIMEOUT_MS = 3_000;

/** The running gateway; the same object for the command line and for tests. */
export interface Gateway {
  readonly app: NestFastifyApplication;
  readonly logger: Logger;
  /** host:port of the gRPC door; undefined when it is closed. */
  readonly grpcAddress: string | undefined;
  /** Base URL of the HTTP door; undefined when it is closed. */
  readonly httpUrl: string | undefined;
  /** Whether OpenCode's events arrived within the time. */
  untilReady(timeoutMs: number): Promise<boolean>;
  /** As stopInOrder; however often it is called, once. */
  stop(): Promise<void>;
}

/**
 * Starts the gateway: OpenCode if it is ours, then the doors.
 *
 * @throws StartError in one line when a setting is wrong, a port is taken, or OpenCode does not start.
 */
export async function startGateway(config: Config, environment: NodeJS.ProcessEnv): Promise<Gateway> {
  const { tracer, logger } = await openTelling(config, environment);
  const principals = new Principals(config);
  const tls = TlsFiles.of(config);
  const streams = new OpenStreams({
    ...streamSettings(config),
    isWelcome: (caller) => caller === undefined || principals.isValid(caller.principal),
  });
  const watches = new OpenStreams(watchSettings(config));
  const admission = new Admission(principals, admissionLimits(config));
  const calls = new CallsInFlight(config.MAX_CALLS_IN_FLIGHT);
  const limits = httpLimits(config);
  const adapter = new GatewayHttpAdapter({ streams, calls, limits, tls });
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with({ config, environment, principals, streams, tracer }),
    adapter,
    { logger: new PinoNestLogger(logger, tracer), abortOnError: false, bodyParser: false },
  );
  const observers = [new CallMetrics(app.get(Metrics), { calls, admission, streams })];
  const watched = callWatches(config, logger, { tracer, observers });
  const http = guardHttp(adapter.getInstance(), { ...watched, config, calls, limits, admission });
  const foreign = agentServices(app, config);
  const grpc = new GatewayGrpcServer({ ...grpcSettings(config), ...watched, streams, watches, admission, calls, tls, foreign });
  const hub = app.get(EventHub);
  registerStreamMetrics(app.get(Metrics), streams);
  app.get(PublicAddresses).usePorts({ http: () => portOf(app), grpc: () => grpc.port });
  try {
    // inheritAppConfig: without it guard, pipe and filter would hold for HTTP alone.
    if (config.TRANSPORTS.includes('grpc')) app.connectMicroservice<MicroserviceOptions>({ strategy: grpc }, { inheritAppConfig: true });
    await openDoors(app, adapter, config);
  } catch (error) {
    tls?.close();
    await app.close();
    throw error;
  }
  if (allowsAnonymous(config)) logger.warn('Everybody who reaches this host may call: no ACCESS_TOKEN is set');
  return {
    app,
    logger,
    grpcAddress: grpcAddressOf(config, grpc),
    httpUrl: httpUrlOf(config, app),
    untilReady: (timeoutMs) => untilReady(hub, timeoutMs),
    stop: toStop(app, { config, logger, grpc, http, calls, streams: [streams, watches] }, { tls, tracer }),
  };
}

/** Where the gateway tells of itself, in lines and in traces. */
async function openTelling(config: Config, environment: NodeJS.ProcessEnv): Promise<{ readonly tracer: Tracer; readonly logger: Logger }> {
  const tracer = await openTracer(environment);
  const destination = await openLogDestination(logStyle(config, process.stderr.isTTY, environment));
  return { tracer, logger: createLogger(config, new LogScrubber(environment), destination) };
}

/** Who is told of calls. */
interface CallWatches {
  /** When they come. */
  readonly tracer: Tracer;
  /** When they are over. */
  readonly observer: CallObserver;
  /** Of what is asked and answered. */
  readonly payloads: PayloadLog | undefined;
}

function callWatches(
  config: Config,
  logger: Logger,
  { tracer, observers }: { readonly tracer: Tracer; readonly observers: readonly CallObserver[] },
): CallWatches {
  const { access, payloads } = createCallLogs(config, logger);
  const more = [...(access === undefined ? [] : [access]), ...(tracer.isOn ? [new CallSpans()] : [])];
  return { tracer, observer: toAll([...observers, ...more]), payloads };
}

/** Says at the gRPC door whether the gateway is ready, until it is stopped. */
function toStop(
  app: NestFastifyApplication,
  parts: Omit<StopParts, 'health' | 'turns' | 'close'>,
  { tls, tracer }: { readonly tls: TlsFiles | undefined; readonly tracer: Tracer },
): () => Promise<void> {
  const health = app.get(HealthService);
  const serving = health.ready$.subscribe((isReady) => parts.grpc.setServing(isReady));
  const close = async (): Promise<void> => {
    serving.unsubscribe();
    tls?.close();
    await app.close();
    // Last: what ends now is told as well.
    await tracer.close(FLUSH_TIMEOUT_MS);
  };
  let stopped: Promise<void> | undefined;
  return () => (stopped ??= stopInOrder({ ...parts, health, turns: app.get(TurnCloser), close }));
}

interface HttpGuards extends CallWatches {
  readonly config: Config;
  readonly calls: CallsInFlight;
  readonly limits: HttpServerLimits;
  readonly admission: Admission;
}

/** What every request passes before its route, in this order. */
function guardHttp(fastify: FastifyInstance, { config, tracer, observer, payloads, calls, limits, admission }: HttpGuards): HttpDrain {
  watchHttpCalls(fastify, observer, tracer);
  if (payloads !== undefined) logHttpPayloads(fastify, payloads);
  // Before whatever may refuse a request: also of one that is refused the rest must come in time.
  limitHttp(fastify, calls, limits);
  guardFromWebPages(fastify, webAccess(config));
  const drain = new HttpDrain(fastify);
  admitOverHttp(fastify, admission, routeScopes(config));
  return drain;
}

/** Of A2A, where it is spoken. */
function agentServices(app: NestFastifyApplication, { TRANSPORTS }: Config): readonly ForeignService[] {
  return TRANSPORTS.includes('a2a') ? app.get(A2AGrpcServices, { strict: false }).services() : [];
}

async function openDoors(app: NestFastifyApplication, adapter: GatewayHttpAdapter, config: Config): Promise<void> {
  await app.init();
  addUnbuiltRoutes(adapter.getInstance());
  if (config.TRANSPORTS.includes('grpc')) await openGrpc(app, config);
  if (config.TRANSPORTS.includes('http')) await openHttp(app, config);
}

async function openGrpc(app: NestFastifyApplication, config: Config): Promise<void> {
  await app.startAllMicroservices().catch((error: unknown) => {
    throw toStartError('GRPC_PORT', config.GRPC_PORT, config, error);
  });
}

async function openHttp(app: NestFastifyApplication, config: Config): Promise<void> {
  await app.listen(config.HTTP_PORT, config.HOST).catch((error: unknown) => {
    throw toStartError('HTTP_PORT', config.HTTP_PORT, config, error);
  });
}

/** grpc-js says only "No address added" with the reason in its text; Node gives it a code. */
function toStartError(setting: string, port: number, { HOST }: Config, error: unknown): unknown {
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes('EADDRINUSE')) return new StartError(`${setting}: port ${port} on ${HOST} is taken`);
  if (text.includes('EACCES')) return new StartError(`${setting}: port ${port} on ${HOST} may not be opened by this user`);
  if (text.includes('EADDRNOTAVAIL') || text.includes('ENOTFOUND')) return new StartError(`HOST: ${HOST} is no address of this machine`);
  return error;
}

function untilReady(hub: EventHub, timeoutMs: number): Promise<boolean> {
  return firstValueFrom(race(hub.ready$.pipe(filter(Boolean)), timer(timeoutMs))).then((value) => value === true);
}

function grpcAddressOf({ TRANSPORTS, HOST }: Config, { port }: GatewayGrpcServer): string | undefined {
  return TRANSPORTS.includes('grpc') ? `${hostInUrl(HOST)}:${port}` : undefined;
}

function httpUrlOf({ TRANSPORTS, HOST, TLS_CERT_FILE }: Config, app: NestFastifyApplication): string | undefined {
  const scheme = TLS_CERT_FILE === undefined ? 'http' : 'https';
  return TRANSPORTS.includes('http') ? `${scheme}://${hostInUrl(HOST)}:${portOf(app)}` : undefined;
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function portOf(app: NestFastifyApplication): number {
  const address = app.getHttpServer().address();
  if (address === null || typeof address === 'string') throw new StartError('HTTP_PORT: the port is not open');
  return address.port;
}
