import { LegacyA2AService, legacyGrpcService } from '@a2a-js/sdk/compat/v0_3/server/grpc';
import { buildGrpcErrorMetadata, grpcStatusFor } from '@a2a-js/sdk/errors/grpc';
import { A2AService, grpcService } from '@a2a-js/sdk/server/grpc';
import { ServerCallContext } from '@a2a-js/sdk/server';
import { Metadata } from '@grpc/grpc-js';
import { Inject, Injectable } from '@nestjs/common';
import { Observable } from 'rxjs';
import type { ForeignMethod, ForeignService } from '../../../common/grpc/foreign-service.js';
import { A2AHandler } from '../a2a.handler.js';
import { A2A_RULES, type A2ARules } from '../a2a.rules.js';
import type { A2AVersion } from '../a2a.call.js';
import { withFinalUpdate } from '../wire/legacy-final.mapper.js';
import { toVersion } from '../wire/version.js';
import { LibraryCall, type LibraryDefinition, type LibraryHandler } from './library-call.js';

/** What ends work is answered under any load. */
const URGENT = /\/CancelTask$/;

/** A2A over gRPC: `lf.a2a.v1.A2AService` for 1.0 and `a2a.v1.A2AService` for 0.3, on the gRPC door beside the contract. */
@Injectable()
export class A2AGrpcServices {
  constructor(
    private readonly handler: A2AHandler,
    @Inject(A2A_RULES) private readonly rules: A2ARules,
  ) {}

  services(): ForeignService[] {
    const options = {
      requestHandler: this.handler,
      // The library's calls are ours in disguise, and say who calls themselves.
      userBuilder: (call: unknown) => Promise.resolve((call as LibraryCall).user),
      contextBuilder: ({ user, extensions, requestedVersion }: ContextParts) =>
        new ServerCallContext({
          ...(user && { user }),
          ...(extensions && { requestedExtensions: extensions }),
          ...(requestedVersion !== undefined && { requestedVersion }),
        }),
    };
    const all = [
      { version: '1.0', name: 'lf.a2a.v1.A2AService', definitions: A2AService, handlers: grpcService(options) },
      { version: '0.3', name: 'a2a.v1.A2AService', definitions: LegacyA2AService, handlers: legacyGrpcService(options) },
    ] as const;
    return all
      .filter(({ version }) => this.rules.versions.includes(version))
      .map(({ version, name, definitions, handlers }) => ({
        name,
        methods: Object.entries(definitions).map(([method, definition]) =>
          this.toMethod(
            version,
            definition as LibraryDefinition,
            (handlers as unknown as Readonly<Record<string, LibraryHandler>>)[method],
          ),
        ),
      }));
  }

  private toMethod(version: A2AVersion, definition: LibraryDefinition, handle: LibraryHandler | undefined): ForeignMethod {
    const { path, responseStream } = definition;
    if (handle === undefined) throw new Error(`the library does not answer ${path}`);
    const begin = (request: Buffer, call: ConstructorParameters<typeof LibraryCall>[2]): LibraryCall => {
      const wish = call.metadata.get('a2a-version')[0]?.toString();
      // The service's name says which version it speaks; who names another by the header is told so.
      const spoken = wish === undefined || wish === '' ? version : toSpoken(wish, version);
      return new LibraryCall(definition, request, call, spoken);
    };
    const base = { path, isUrgent: URGENT.test(path) };
    if (!responseStream) return { ...base, kind: 'unary', answer: async (request, call) => begin(request, call).answer(handle) };
    return {
      ...base,
      kind: 'stream',
      stream: async (request, call) => {
        const library = begin(request, call);
        return {
          source$: new Observable<object>((subscriber) => library.stream(handle, subscriber)),
          encode: (item) => definition.responseSerialize(version === '0.3' ? withFinalUpdate(item) : item),
        };
      },
    };
  }
}

/** @throws an error with a gRPC status */
function toSpoken(wish: string, version: A2AVersion): A2AVersion {
  try {
    return toVersion(wish, [version]);
  } catch (error) {
    const metadata = buildGrpcErrorMetadata(Metadata, error) ?? new Metadata();
    throw Object.assign(new Error('A2A'), { code: grpcStatusFor(error), details: String((error as Error).message), metadata });
  }
}

type ContextParts = Parameters<NonNullable<Parameters<typeof grpcService>[0]['contextBuilder']>>[0];
