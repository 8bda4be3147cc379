import { status as Code, type sendUnaryData, type Server, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import { service as definition } from 'grpc-health-check';
import { BehaviorSubject, concat, distinctUntilChanged, NEVER, of, type Observable } from 'rxjs';
import type { OpenStreams } from '../streams/open-streams.js';
import { GrpcCallSink, plainEncoding } from './grpc-call.sink.js';
import { toCallError } from './grpc-error.js';

const LABELS = { door: 'grpc', method: 'grpc.health.v1.Health/Watch' };

interface HealthRequest {
  readonly service: string;
}

/** As the protocol's messages have it. */
interface HealthAnswer {
  readonly status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
}

const SERVING: HealthAnswer = { status: 'SERVING' };
const NOT_SERVING: HealthAnswer = { status: 'NOT_SERVING' };
const SERVICE_UNKNOWN: HealthAnswer = { status: 'SERVICE_UNKNOWN' };

const { responseSerialize } = definition['Watch'] as { readonly responseSerialize: (answer: HealthAnswer) => Buffer };
const encoding = plainEncoding(responseSerialize);

/**
 * `grpc.health.v1`, for everybody: the gateway as a whole (""), and each of its services, which stand and fall together.
 *
 * The library's own implementation keeps whatever name somebody watches for ever, and its watches know neither the age of a connection
 * nor a shutdown: they would hold both open.
 */
export class GrpcHealth {
  private readonly answer = new BehaviorSubject<HealthAnswer>(NOT_SERVING);

  constructor(
    /** `package.Service` of each. */
    private readonly services: ReadonlySet<string>,
    /** Who watches: not among the readers, for whom room is kept. */
    private readonly watches: OpenStreams,
  ) {}

  setServing(isServing: boolean): void {
    this.answer.next(isServing ? SERVING : NOT_SERVING);
  }

  addToServer(server: Server): void {
    server.addService(definition, {
      check: (call: ServerUnaryCall<HealthRequest, HealthAnswer>, callback: sendUnaryData<HealthAnswer>) => {
        const { service } = call.request;
        if (this.knows(service)) callback(null, this.answer.value);
        else callback({ code: Code.NOT_FOUND, details: 'No such service' });
      },
      list: (_: unknown, callback: sendUnaryData<object>) =>
        callback(null, { statuses: Object.fromEntries(['', ...this.services].map((service) => [service, this.answer.value])) }),
      watch: (call: ServerWritableStream<HealthRequest, HealthAnswer>) => this.watch(call),
    });
  }

  /** Of a service that is not there the protocol has us say so, and wait. */
  private watch(call: ServerWritableStream<HealthRequest, HealthAnswer>): void {
    const answers$: Observable<HealthAnswer> = this.knows(call.request.service)
      ? this.answer.pipe(distinctUntilChanged())
      : concat(of(SERVICE_UNKNOWN), NEVER);
    try {
      this.watches.requireRoom(undefined);
      this.watches.write(answers$, new GrpcCallSink(call, encoding), LABELS);
    } catch (error) {
      call.emit('error', toCallError(error));
    }
  }

  private knows(service: string): boolean {
    return service === '' || this.services.has(service);
  }
}
