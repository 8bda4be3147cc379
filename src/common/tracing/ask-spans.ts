import { Injectable } from '@nestjs/common';
import type { Actor } from '../logging/audit.js';
import type { Span } from './tracer.js';

/** Spans of what agents ask, by its id, for those who answer it: they know nothing of the turn. Empty where nothing is recorded. */
@Injectable()
export class AskSpans {
  private readonly spans = new Map<string, Span>();

  open(id: string, span: Span): void {
    this.spans.set(id, span);
  }

  close(id: string): void {
    this.spans.delete(id);
  }

  /** Which kind of somebody is about to answer; their name is in the audit, and may be that of a person. */
  noteAnswer(id: string, by: Actor): void {
    this.spans.get(id)?.set({ 'opencode.ask.answered_by': typeof by === 'string' ? by : 'caller' });
  }
}
