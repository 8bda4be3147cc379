import { isLegacyJsonRpcMethod, isV1JsonRpcMethod } from '@a2a-js/sdk/compat/v0_3';
import { LegacyJsonRpcTransportHandler } from '@a2a-js/sdk/compat/v0_3/server';
import { JsonRpcTransportHandler, type ServerCallContext } from '@a2a-js/sdk/server';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { UnreadableBody } from '../../../common/http/agent-route.js';
import { JsonStream } from '../../../common/streams/json-stream.js';
import type { A2ACall, A2AUser, A2AVersion } from '../a2a.call.js';
import { A2AHandler } from '../a2a.handler.js';
import { A2A_RULES, type A2ARules } from '../a2a.rules.js';
import { ExtensionDispatcher, type JsonRpcRequest } from '../methods/extension.dispatcher.js';
import { beginStream, type Placed } from '../generator-stream.js';
import { wrongType } from '../wire/a2a-error.mapper.js';
import { toRpcError, type JsonRpcError } from '../wire/failure.mapper.js';
import { withFinalResult } from '../wire/legacy-final.mapper.js';
import { requireTypes } from '../wire/request-types.js';
import { toVersion } from '../wire/version.js';

/** What stands in a JSON-RPC answer. */
type Envelope = Readonly<Record<string, unknown>> & { readonly error?: unknown };

/** An answer, a stream of answers, or none: to a notification nobody listens. */
export type RpcReply = Envelope | JsonStream<Placed<object>> | undefined;

/** A request that is an object; what else is wrong with it is found out later. */
type RpcRequest = Readonly<Record<string, unknown>>;

const PARSE_ERROR = { code: -32700, message: 'The request is not JSON' };
const INVALID_REQUEST = { code: -32600, message: 'The request is no JSON-RPC request object' };

const INTERNAL_ERROR = -32603;
const UNREADABLE = new GatewayError('INVALID_ARGUMENT', 'The params cannot be read', { reason: 'MALFORMED_REQUEST' });

/** A2A over JSON-RPC, in both versions. */
@Injectable()
export class JsonRpc {
  private readonly logger = new Logger(JsonRpc.name);
  private readonly current: JsonRpcTransportHandler;
  private readonly legacy: LegacyJsonRpcTransportHandler;

  constructor(
    handler: A2AHandler,
    private readonly extensions: ExtensionDispatcher,
    @Inject(A2A_RULES) private readonly rules: A2ARules,
  ) {
    this.current = new JsonRpcTransportHandler(handler);
    this.legacy = new LegacyJsonRpcTransportHandler(handler);
  }

  unreadable({ reason }: UnreadableBody): Envelope {
    return failed(null, reason === 'syntax' ? PARSE_ERROR : toRpcError(wrongType(), '1.0'));
  }

  /** @param toCall - who calls, once it is known in which version */
  async handle(
    body: unknown,
    versionWish: string | undefined,
    toCall: (version: A2AVersion) => { readonly user: A2AUser; readonly context: ServerCallContext },
  ): Promise<RpcReply> {
    if (!isRequest(body)) return failed(null, INVALID_REQUEST);
    const id = body['id'] ?? null;
    let version: A2AVersion;
    try {
      version = toVersion(versionWish, this.rules.versions);
    } catch (error) {
      return failed(id, toRpcError(error, '1.0'));
    }
    const { user, context } = toCall(version);
    const answered = this.dispatch(body, user, context);
    // What is no request at all is no notification either, but perhaps one of REST that went astray.
    if ('id' in body || !isRpcRequest(body)) return answered;
    // Nobody hears how it went, and nobody waits for it.
    answered.catch((error: unknown) => this.logger.debug(`A notification failed: ${String(error)}`));
    return undefined;
  }

  private async dispatch(body: RpcRequest, user: A2AUser, context: ServerCallContext): Promise<RpcReply> {
    const { version, progress } = user.call;
    const { method, id = null } = body;
    const isCore = version === '1.0' ? isV1JsonRpcMethod(method) : isLegacyJsonRpcMethod(method);
    if (!isCore) return this.extend(body, user.call);
    try {
      requireTypes(body['params']);
      const handler = version === '1.0' ? this.current : this.legacy;
      const answer = await handler.handle(version === '1.0' ? body : withBlocking(body), context);
      if (!isGenerator(answer)) return this.withOwnFailure(answer, user);
      const source$ = await beginStream<object>(answer, () => progress.position);
      return new JsonStream(source$, `a2a/${String(method)}`, {
        toJson: ({ item }) => JSON.stringify(version === '0.3' ? withFinalResult(item) : item),
        positionOf: ({ position }) => position,
        errorToJson: (error) => JSON.stringify(failed(id, toRpcError(error, version))),
        errorEvent: undefined,
      });
    } catch (error) {
      return failed(id, toRpcError(error, version));
    }
  }

  private async extend(body: RpcRequest, call: A2ACall): Promise<RpcReply> {
    if (!isRpcRequest(body)) return failed(null, INVALID_REQUEST);
    return { ...(await this.extensions.handle(body, call)) };
  }

  /** The library calls whatever it does not know an internal error. */
  private withOwnFailure(answer: Envelope, { failure, call }: A2AUser): Envelope {
    if (answer.error === undefined) return answer;
    if (failure !== undefined) return { ...answer, error: toRpcError(failure, call.version) };
    // What failed before the handler was asked failed at reading the request.
    const { code } = answer.error as JsonRpcError;
    return code === INTERNAL_ERROR ? { ...answer, error: toRpcError(UNREADABLE, call.version) } : answer;
  }
}

function isRequest(body: unknown): body is RpcRequest {
  return typeof body === 'object' && body !== null && !Array.isArray(body);
}

/** @see https://www.jsonrpc.org/specification section 4 */
function isRpcRequest(body: RpcRequest): body is RpcRequest & JsonRpcRequest {
  const { jsonrpc, method, id } = body;
  return (
    jsonrpc === '2.0' &&
    typeof method === 'string' &&
    method !== '' &&
    (id === undefined || id === null || typeof id === 'string' || Number.isInteger(id))
  );
}

function isGenerator(answer: object): answer is AsyncGenerator<object, void, undefined> {
  return Symbol.asyncIterator in answer;
}

function failed(id: unknown, error: JsonRpcError): Envelope {
  return { jsonrpc: '2.0', id, error };
}

/** Who does not say otherwise waits in version 0.3; the library takes any configuration for a wish not to. */
function withBlocking(body: RpcRequest): RpcRequest & Record<string, unknown> {
  const { params } = body;
  if (body['method'] !== 'message/send' || !isRequest(params)) return { ...body };
  const { configuration } = params;
  if (!isRequest(configuration) || configuration['blocking'] !== undefined) return { ...body };
  return { ...body, params: { ...params, configuration: { ...configuration, blocking: true } } };
}
