import { Logger } from '@nestjs/common';
import type { Caller } from '../access/caller.js';
import { fromUnknown } from '../errors/status-table.js';

/** What is worth a line whoever asks later. */
export type AuditedAction =
  | 'access'
  | 'shell.run'
  | 'opencode.sessions.shell'
  | 'credential.set'
  | 'credential.remove'
  | 'credential.switch'
  | 'permission.answer'
  | 'question.answer'
  | 'session.adopt'
  | 'session.delete'
  | 'message.delete'
  | 'file.delete'
  | 'turn.abort';

/** Who acted: a caller, the ask policy in place of one, or an abort, which rejects what was asked. */
export type Actor = Caller | 'policy' | 'abort';

export interface Act {
  readonly action: AuditedAction;
  /** Names and ids, never contents; who acts may name it better once more is known. */
  target: string;
  readonly by: Actor;
}

/** One log line for each decision and dangerous act: what, on what, with which result, by whom. Written at every LOG_LEVEL. */
export class Audit {
  private readonly logger = new Logger('Audit');

  record({ action, target, by }: Act, result: string): void {
    this.logger.log({ audit: action, target, result, ...toNames(by) });
  }

  /** Acts, and records the result: what a caller tried in vain too. What policies try in vain they try again. */
  async carryOut<T>(act: Act, result: string, work: (act: Act) => Promise<T>): Promise<T> {
    try {
      const done = await work(act);
      this.record(act, result);
      return done;
    } catch (error) {
      if (typeof act.by !== 'string') this.recordFailure(act, error);
      throw error;
    }
  }

  private recordFailure({ action, target, by }: Act, failure: unknown): void {
    const { code, reason } = fromUnknown(failure).error;
    this.logger.log({ audit: action, target, result: 'failed', code, reason, ...toNames(by) });
  }
}

function toNames(by: Actor): { readonly by: string; readonly requestId?: string } {
  return typeof by === 'string' ? { by } : { by: by.principal.id, requestId: by.requestId };
}
