import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { throwError, type Observable } from 'rxjs';
import { toCallError } from '../grpc/grpc-error.js';
import { replyWithError } from '../http/error-reply.js';
import type { GatewayError } from './gateway-error.js';
import { fromUnknown } from './status-table.js';

/** The one place where a failure becomes a status, on both doors. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(ErrorFilter.name);

  catch(thrown: unknown, host: ArgumentsHost): Observable<never> | undefined {
    const { error, httpStatus } = fromUnknown(thrown);
    this.log(error);
    if (host.getType() !== 'http') return throwError(() => toCallError(error));
    replyWithError(host.switchToHttp().getResponse<FastifyReply>(), error, httpStatus);
    return undefined;
  }

  private log(error: GatewayError): void {
    if (error.code !== 'INTERNAL' && error.code !== 'UNKNOWN') return;
    this.logger.error({ reason: error.reason, detail: error.message, err: error.cause });
  }
}
