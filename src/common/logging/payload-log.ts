import type { DescMethod } from '@bufbuild/protobuf';
import type { Logger } from 'pino';
import type { Caller } from '../access/caller.js';
import { requirementOf } from '../access/scopes.js';
import type { Config } from '../config/config.js';
import { methodName } from '../grpc/proto-types.js';

/** A call whose bodies may be logged. */
export interface LoggedCall {
  readonly door: 'grpc' | 'http';
  readonly method: DescMethod;
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
    if (!isShown(call)) return;
    const omitted = this.omissionOf(call);
    this.write(call, omitted === undefined ? { request: body() } : { request: null, omitted });
  }

  /** Not of streams. */
  answer(call: LoggedCall, body: () => string): void {
    if (isShown(call) && this.omissionOf(call) === undefined) this.write(call, { answer: this.cut(body()) });
  }

  private omissionOf({ requestBytes }: LoggedCall): string | undefined {
    if (this.limitBytes === 0) return undefined;
    if (requestBytes === undefined) return 'of unknown length';
    return requestBytes > this.limitBytes ? `${requestBytes} bytes` : undefined;
  }

  private cut(text: string): string {
    const bytes = Buffer.from(text);
    if (this.limitBytes === 0 || bytes.length <= this.limitBytes) return text;
    return `${bytes.subarray(0, this.limitBytes).toString()}… (${bytes.length} bytes)`;
  }

  private write({ door, method, caller }: LoggedCall, bodies: object): void {
    this.logger.debug({ context: 'Payload', door, method: methodName(method), ...bodies, requestId: caller?.requestId });
  }
}

function isShown({ method }: LoggedCall): boolean {
  return requirementOf(method) === 'write';
}
