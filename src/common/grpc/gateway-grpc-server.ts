import type { DescMethod, DescService, Message } from '@bufbuild/protobuf';
import {
  Server as GrpcServer,
  setLogger,
  ServerCredentials,
  type sendUnaryData,
  type ServerOptions,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Server, Transport, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { firstValueFrom, isObservable, type Observable } from 'rxjs';
import type { Admission } from '../access/admission.js';
import { callerOf, setCaller } from '../access/caller.js';
import { GatewayError } from '../errors/gateway-error.js';
import { maxBytesOf, type RequestBounds } from '../limits/call-limits.js';
import type { CallsInFlight } from '../limits/calls-in-flight.js';
import { toLoggedMethod, type LoggedCall, type PayloadLog } from '../logging/payload-log.js';
import { MessageStream } from '../streams/message-stream.js';
import type { OpenStreams, StreamLabels } from '../streams/open-streams.js';
import type { TlsFiles } from '../tls/tls-files.js';
import { originalOf } from './aggregate.js';
import { encodeJson } from './encoding.js';
import { addForeignService } from './foreign-calls.js';
import { admitOverGrpc } from './grpc-admission.js';
import { frameEncodingOf, GrpcCallSink } from './grpc-call.sink.js';
import { toCallError } from './grpc-error.js';
import { http2ServersOf, http2StreamOf } from './grpc-internals.js';
import { countSent, watchGrpcCalls, workForSpans, type GrpcCallWatch } from './grpc-calls.js';
import { GrpcHealth } from './grpc-health.js';
import { tooLarge } from './grpc-refusals.js';
import { keepSessionsAlive } from './keepalive.js';
import { methodName, protoServices } from './proto-types.js';
import { createReflection } from './reflection.js';
import { decodeRequest, encodeAnswer, toServiceDefinition } from './service-definition.js';
import { limitSessions, type SessionLimits } from './session-limits.js';
import { tendStatusHeaders } from './status-headers.js';
import { renewStreamTables } from './stream-tables.js';
import { TlsServerCredentials } from './tls-credentials.js';
import { UnansweredCalls } from './unanswered-calls.js';

export interface GrpcLimits extends RequestBounds, SessionLimits {
  /** Of requests of other protocols. */
  readonly maxForeignBytes: number;
  readonly maxConcurrentStreams: number;
  /** After which a connection without calls is told to go; 0: never. */
  readonly maxConnectionIdleS: number;
}

export interface GatewayGrpcOptions extends GrpcCallWatch {
  readonly host: string;
  /** 0 takes any free port; `port` tells which. */
  readonly port: number;
  readonly limits: GrpcLimits;
  readonly keepaliveS: number;
  /** When a connection is told to go; 0: never. */
  readonly maxConnectionAgeS: number;
  /** Whether the contract can be asked for here, by everybody. */
  readonly reflection: boolean;
  readonly tls: TlsFiles | undefined;
  readonly streams: OpenStreams;
  /** Of those who watch its health. */
  readonly watches: OpenStreams;
  readonly admission: Admission;
  readonly calls: CallsInFlight;
  readonly payloads: PayloadLog | undefined;
}

/** A method of the contract, and what is decided of it beforehand. */
interface Served {
  readonly method: DescMethod;
  readonly handler: MessageHandler;
  readonly maxBytes: number;
}

type ServerCall = ServerUnaryCall<Buffer, unknown> | ServerWritableStream<Buffer, unknown>;

/** The pattern under which Nest files a handler that was declared with \@GrpcMethod. */
function patternOf(method: DescMethod): string {
  return JSON.stringify({ service: method.parent.typeName, rpc: method.name, streaming: 'no_stream' });
}

/**
 * The gRPC door: a Nest transport that runs Nest's handlers on grpc-js.
 *
 * Nest's own ServerGrpc queues streams without a bound (1.9 GB in 10 s with a paused reader, measured), shuts down
 * with CANCELLED or never, and shows reflection no types. This one writes through bounded queues, drains, and
 * registers every service of the contract, with UNIMPLEMENTED where no handler is.
 */
export class GatewayGrpcServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Transport.GRPC;
  private readonly health: GrpcHealth;
  private readonly unanswered = new UnansweredCalls();
  /** The bound port, once listening. */
  port = 0;
  private server: GrpcServer | undefined;
  private isClosing = false;

  constructor(private readonly options: GatewayGrpcOptions) {
    super();
    const names = [...protoServices.map(({ typeName }) => typeName), ...options.foreign.map(({ name }) => name)];
    this.health = new GrpcHealth(new Set(names), options.watches);
    // grpc-js would write to standard error by itself what we report in our own words.
    const log = (...message: unknown[]): void => {
      this.logger.debug?.(message.join(' '));
    };
    setLogger({ error: log, info: log, debug: log });
  }

  listen(callback: (error?: unknown) => void): void {
    const { host, port, tls, admission, calls, foreign } = this.options;
    const server = new GrpcServer({ ...channelOptions(this.options), interceptors: [admitOverGrpc(admission, calls, foreign)] });
    for (const service of protoServices) server.addService(toServiceDefinition(service), this.implementationOf(service));
    for (const service of foreign) addForeignService(server, service, { ...this.options, unanswered: this.unanswered });
    this.health.addToServer(server);
    if (this.options.reflection) createReflection().addToServer(server);
    this.server = server;
    const credentials = tls === undefined ? ServerCredentials.createInsecure() : new TlsServerCredentials(tls);
    server.bindAsync(`${host}:${port}`, credentials, (error, boundPort) => {
      this.port = boundPort;
      this.attend(server);
      callback(error ?? undefined);
    });
  }

  /** Nest would file a handler under a route of its own making; here it is found by the pattern itself. */
  override addHandler(pattern: unknown, handler: MessageHandler): void {
    this.messageHandlers.set(JSON.stringify(pattern), handler);
  }

  /** True when a controller answers this method; the others answer UNIMPLEMENTED. */
  implements(method: DescMethod): boolean {
    return this.handlerOf(method) !== undefined;
  }

  setServing(isServing: boolean): void {
    this.health.setServing(isServing);
  }

  /**
   * Takes no more connections and tells every client to go (GOAWAY); resolves once all connections have ended.
   *
   * What a client had sent before it heard is answered, what it sends later is refused unread, which its library repeats elsewhere.
   */
  async drain(): Promise<void> {
    this.isClosing = true;
    const { server } = this;
    if (server !== undefined) await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  }

  /** Tells those who still wait that nothing will come; how many they were. */
  refuseUnanswered(): number {
    return this.unanswered.refuseAll();
  }

  /** Cuts what is left. */
  async close(): Promise<void> {
    this.isClosing = true;
    this.server?.forceShutdown();
    this.server = undefined;
  }

  on(): never {
    throw new Error('The gRPC door has no events');
  }

  unwrap<T>(): T {
    return this.server as T;
  }

  private attend(server: GrpcServer): void {
    const { keepaliveS, limits } = this.options;
    for (const http2Server of http2ServersOf(server)) {
      renewStreamTables(http2Server);
      tendStatusHeaders(http2Server);
      limitSessions(http2Server, limits);
      if (keepaliveS > 0) keepSessionsAlive(http2Server, keepaliveS * 1_000);
      watchGrpcCalls(http2Server, this.options);
      // One that connected at the last moment, and was not told with the others.
      http2Server.on('session', (session) => {
        if (this.isClosing) session.close();
      });
    }
  }

  private implementationOf(service: DescService): UntypedServiceImplementation {
    return Object.fromEntries(
      service.methods.map((method) => [method.name, this.handle(method, this.handlerOf(method) ?? unimplemented(method))]),
    );
  }

  private handlerOf(method: DescMethod): MessageHandler | undefined {
    return this.messageHandlers.get(patternOf(originalOf(method)));
  }

  private handle(method: DescMethod, handler: MessageHandler) {
    const served = { method, handler, maxBytes: maxBytesOf(method, this.options.limits) };
    return workForSpans(this.options.tracer, method.methodKind === 'unary' ? this.handleUnary(served) : this.handleStream(served));
  }

  private handleUnary(served: Served) {
    return (call: ServerUnaryCall<Buffer, unknown>, callback: sendUnaryData<unknown>): void => {
      const answer = this.unanswered.add(callback);
      this.answerTo(served, call).then(
        (bytes) => {
          countSent(http2StreamOf(call), () => bytes.length);
          answer(null, bytes);
        },
        (error: unknown) => answer(toCallError(error)),
      );
    };
  }

  private async answerTo(served: Served, call: ServerUnaryCall<Buffer, unknown>): Promise<Buffer> {
    const result = await this.run(served, call);
    const message = (isObservable(result) ? await firstValueFrom(result) : result) as Message;
    this.options.payloads?.answer(toLoggedCall(served.method, call), () => encodeJson(message));
    return encodeAnswer(served.method, message);
  }

  private handleStream(served: Served) {
    const labels = { door: 'grpc', method: methodName(served.method) };
    return (call: ServerWritableStream<Buffer, unknown>): void => {
      this.run(served, call)
        .then((result) => this.writeStream(call, toStream(result), labels))
        .catch((error: unknown) => call.emit('error', toCallError(error)));
    };
  }

  private writeStream(call: ServerWritableStream<Buffer, unknown>, stream: MessageStream, labels: StreamLabels): void {
    if (call.cancelled) return;
    const { streams } = this.options;
    const caller = callerOf(call.metadata);
    streams.requireRoom(caller);
    streams.write(stream.source$, new GrpcCallSink(call, frameEncodingOf(stream)), labels, caller);
  }

  /** Reads what the caller wants, and runs Nest's handler: guard, pipe, controller and error filter are in it. */
  private async run({ method, handler, maxBytes }: Served, call: ServerCall): Promise<unknown> {
    const { calls, payloads } = this.options;
    const { request, metadata } = call;
    const caller = callerOf(metadata);
    if (caller !== undefined) setCaller(http2StreamOf(call), caller);
    try {
      if (request.length > maxBytes) throw tooLarge(maxBytes);
      const message = decodeRequest(method, request);
      payloads?.request(toLoggedCall(method, call), () => encodeJson(message));
      return await handler(message, metadata);
    } finally {
      calls.leave(metadata);
    }
  }
}

function toLoggedCall(
  method: DescMethod,
  { request, metadata }: Pick<ServerUnaryCall<Buffer, unknown>, 'request' | 'metadata'>,
): LoggedCall {
  return { door: 'grpc', ...toLoggedMethod(method), isReadable: true, caller: callerOf(metadata), requestBytes: request.length };
}

/** A handler that was refused or failed gives an Observable of its error: the error filter makes it so. */
function toStream(result: unknown): MessageStream {
  if (result instanceof MessageStream) return result as MessageStream;
  if (isObservable(result)) return new MessageStream<object>(result as Observable<object>, (message) => message as Message);
  throw new Error('a streaming handler answers with a MessageStream');
}

function unimplemented(method: DescMethod): MessageHandler {
  return () =>
    Promise.reject(new GatewayError('UNIMPLEMENTED', `${method.parent.typeName}/${method.name} is not built yet`, { reason: 'NOT_BUILT' }));
}

/**
 * At its maximum age grpc-js tells a connection to go and refuses new streams on it. Without a grace of its own it lets calls in
 * flight finish, however long they take; streams are ended by their writers, with a reason.
 */
function channelOptions({ limits, maxConnectionAgeS }: GatewayGrpcOptions): ServerOptions {
  return {
    'grpc.max_receive_message_length': limits.maxBytes,
    // Counts for a service that is not offered here.
    'grpc.enable_channelz': 0,
    'grpc.max_concurrent_streams': limits.maxConcurrentStreams,
    ...(limits.maxConnectionIdleS > 0 && { 'grpc.max_connection_idle_ms': limits.maxConnectionIdleS * 1_000 }),
    ...(maxConnectionAgeS > 0 && { 'grpc.max_connection_age_ms': maxConnectionAgeS * 1_000 }),
  };
}
