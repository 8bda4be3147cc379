import { Logger } from '@nestjs/common';

/** What is worth a line whoever asks later. */
export type AuditedAction = 'shell.run' | 'credential.set' | 'credential.remove' | 'credential.switch';

/** One log line for each dangerous act: what, on what, with which result. Never contents. */
export class Audit {
  private readonly logger = new Logger('Audit');

  record(action: AuditedAction, target: string, result: string): void {
    this.logger.log({ audit: action, target, result });
  }
}
