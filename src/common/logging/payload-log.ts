import type { DescMethod } from '@bufbuild/protobuf';
import type { Logger } from 'pino';
import type { Caller } from '../access/caller.js';
import { requirementOf } from '../access/scopes.js';
import type { Config } from '../config/config.js';
import { methodName } from '../grpc/proto-types.js';

/** A call whose bodies may be logged. */
export interface LoggedCall {
  readonly door: 'grpc' | 'http';
  readonly name: string;
  /** Of a stream the request alone: what a stream tells is never shown. */
  readonly isShown: boolean;
  /** False where what came is no message at all. */
  readonly isReadable: boolean;
  readonly caller: Caller | undefined;
  /** Of the request; undefined where nobody said how long it is. */
  readonly requestBytes: number | undefined;
}

/**
 * What is asked and answered, at debug, for who has switched it on; by seed 002's rules.
 *
 * Only what works with sessions and prompts is shown: never credentials, files, shell lines, answers to agents, and what is read
 * back. Streams are not, nor is a request longer than the limit, and its answer; a longer answer is cut.
 */
export class PayloadLog {
  private constructor(
    private readonly logger: Logger,
    private readonly limitBytes: number,
  ) {}

  /** Undefined where nothing would be logged, so that no body is made into text in vain. */
  static of({ A2A_LOG_PAYLOADS, A2A_LOG_BODY_LIMIT }: Config, logger: Logger): PayloadLog | undefined {
    return A2A_LOG_PAYLOADS && logger.isLevelEnabled('debug') ? new PayloadLog(logger, A2A_LOG_BODY_LIMIT) : undefined;
  }

  request(call: LoggedCall, body: () => string): void {
    if (!call.isShown) return;
    const omitted = this.omissionOf(call);
    this.write(call, omitted === undefined ? { request: body() } : { request: null, omitted });
  }

  /** Not of streams. */
  answer(call: LoggedCall, body: () => string): void {
    if (call.isShown && this.omissionOf(call) === undefined) this.write(call, { answer: this.cut(body()) });
  }

  private omissionOf({ requestBytes, isReadable }: LoggedCall): string | undefined {
    if (!isReadable) return 'not JSON';
    if (this.limitBytes === 0) return undefined;
    if (requestBytes === undefined) return 'of unknown length';
    return requestBytes > this.limitBytes ? `${requestBytes} bytes` : undefined;
  }

  private cut(text: string): string {
    const bytes = Buffer.from(text);
    if (this.limitBytes === 0 || bytes.length <= this.limitBytes) return text;
    return `${bytes.subarray(0, this.limitBytes).toString()}… (${bytes.length} bytes)`;
  }

  private write({ door, name, caller }: LoggedCall, bodies: object): void {
    this.logger.debug({ context: 'Payload', door, method: name, ...bodies, requestId: caller?.requestId });
  }
}

/** A method of the contract, as its calls are logged. */
export function toLoggedMethod(method: DescMethod): Pick<LoggedCall, 'name' | 'isShown'> {
  return { name: methodName(method), isShown: requirementOf(method) === 'write' };
}
