import { Logger } from '@nestjs/common';
import type { GatewayError } from '../errors/gateway-error.js';

/** Whoever is refused can ask as often as they like: the log must not be theirs to fill. */
const MAX_LINES_PER_SECOND = 20;
const SECOND_MS = 1_000;

export interface RefusedCall {
  /** The method or route, as the contract names it: nothing of the caller's making. */
  readonly target: string;
  /** Id of the principal; undefined: nobody knows. */
  readonly by?: string | undefined;
  readonly requestId?: string | undefined;
}

/** One audit line for each call that was refused at a door; in a flood, the first ones of each second and the number of the others. */
export class Refusals {
  private readonly logger = new Logger('Audit');
  private lines = 0;
  private unsaid = 0;
  private timer: NodeJS.Timeout | undefined;

  record(call: RefusedCall, { code, reason }: GatewayError): void {
    this.timer ??= setTimeout(() => this.endSecond(), SECOND_MS).unref();
    this.lines += 1;
    if (this.lines > MAX_LINES_PER_SECOND) this.unsaid += 1;
    else this.logger.log({ audit: 'access', ...call, by: call.by ?? 'unknown', result: 'refused', code, reason });
  }

  private endSecond(): void {
    if (this.unsaid > 0) this.logger.log({ audit: 'access', result: 'refused', more: this.unsaid });
    this.lines = 0;
    this.unsaid = 0;
    this.timer = undefined;
  }
}
