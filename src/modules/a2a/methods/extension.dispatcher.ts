import { Inject, Injectable, Logger } from '@nestjs/common';
import { may } from '../../../common/access/principal.js';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import { Refusals } from '../../../common/logging/refusals.js';
import type { A2ACall, A2AVersion } from '../a2a.call.js';
import { ExtensionError, type ExtensionMethod } from '../extension-method.js';
import { fromGatewayError, INTERNAL_ERROR, toJsonRpcError, type CallSubject, type JsonRpcError } from './extension-error.mapper.js';
import { ExtensionMethods } from './extension.methods.js';
import { EXTENSION_OPTIONS, type ExtensionOptions } from './extension.options.js';
import type { Params } from './extension.params.js';

/** A JSON-RPC request, parsed; a notification has no id, which is another thing than null. */
export interface JsonRpcRequest {
  readonly method: string;
  readonly id?: string | number | null;
  readonly params?: unknown;
}

export type JsonRpcResponse =
  | { readonly jsonrpc: '2.0'; readonly id: string | number | null; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: string | number | null; readonly error: JsonRpcError };

/** Answers JSON-RPC requests for methods that are not A2A's own. Knows no transport. */
@Injectable()
export class ExtensionDispatcher {
  private readonly logger = new Logger(ExtensionDispatcher.name);
  private readonly refusals = new Refusals();

  constructor(
    private readonly methods: ExtensionMethods,
    @Inject(EXTENSION_OPTIONS) private readonly options: Pick<ExtensionOptions, 'coreMethods' | 'protocolVersions'>,
  ) {}

  /** The answer; undefined for a notification, which is carried out and never answered, whatever comes of it. Never rejects. */
  async handle({ id, method, params }: JsonRpcRequest, call: A2ACall): Promise<JsonRpcResponse | undefined> {
    try {
      const result = await this.run(method, params, call);
      return id === undefined ? undefined : { jsonrpc: '2.0', id, result };
    } catch (error) {
      const failure = this.toError(error, { method, ...namedIn(params) }, call.version);
      return id === undefined ? undefined : { jsonrpc: '2.0', id, error: failure };
    }
  }

  private async run(name: string, params: unknown, call: A2ACall): Promise<unknown> {
    const method = this.methods.find(name);
    if (method === undefined) throw this.notSupported(name, call.version);
    this.requireScope(method, call);
    // What it was let in for is what the method needs: whose a session becomes depends on it.
    return method.run(toParams(params), { ...call, caller: { ...call.caller, scope: method.scope } });
  }

  private requireScope({ name, scope }: ExtensionMethod, { caller: { principal, requestId } }: A2ACall): void {
    if (may(principal, scope)) return;
    const message = `The scope ${scope} is needed`;
    this.refusals.record({ target: name, by: principal.id, requestId }, new GatewayError('PERMISSION_DENIED', message));
    throw new ExtensionError('AUTHORIZATION_FORBIDDEN', message, { method: name, scope });
  }

  private notSupported(method: string, version: A2AVersion): ExtensionError {
    return new ExtensionError('METHOD_NOT_SUPPORTED', `Unsupported method: ${method}`, {
      method,
      supported_methods: [...this.options.coreMethods[version], ...this.methods.supported()],
      protocol_version: this.options.protocolVersions[version],
    });
  }

  private toError(error: unknown, subject: CallSubject, version: A2AVersion): JsonRpcError {
    if (error instanceof ExtensionError) return toJsonRpcError(error, version);
    if (error instanceof GatewayError) return toJsonRpcError(fromGatewayError(error, subject), version);
    this.logger.error(error, `${subject.method} failed`);
    return INTERNAL_ERROR;
  }
}

/** @throws ExtensionError INVALID_FIELD */
function toParams(params: unknown): Params {
  if (params === undefined || params === null) return {};
  if (typeof params === 'object' && !Array.isArray(params)) return params as Params;
  throw new ExtensionError('INVALID_FIELD', 'params must be an object', { field: 'params' });
}

/** The session or the ask that a call is about. */
function namedIn(params: unknown): Omit<CallSubject, 'method'> {
  if (typeof params !== 'object' || params === null) return {};
  const { session_id: sessionId, request_id: requestId } = params as { session_id?: unknown; request_id?: unknown };
  return {
    ...(typeof sessionId === 'string' && { session_id: sessionId.trim() }),
    ...(typeof requestId === 'string' && { request_id: requestId.trim() }),
  };
}
