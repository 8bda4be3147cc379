import { Logger } from '@nestjs/common';

/** What is worth a line whoever asks later. */
export type AuditedAction =
  'shell.run' | 'credential.set' | 'credential.remove' | 'credential.switch' | 'permission.answer' | 'question.answer';

/** Who acted: a caller, the ask policy in place of one, or an abort, which rejects what was asked. */
export type Actor = 'caller' | 'policy' | 'abort';

/** One log line for each dangerous act: what, on what, with which result, by whom. Never contents. */
export class Audit {
  private readonly logger = new Logger('Audit');

  record(action: AuditedAction, target: string, result: string, by: Actor = 'caller'): void {
    this.logger.log({ audit: action, target, result, by });
  }
}
