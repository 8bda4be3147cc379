import { Injectable } from '@nestjs/common';
import type { Prompt } from './prompt.model.js';
import { PromptService } from './prompt.service.js';
import { TurnLine } from './turn.line.js';

/** Puts messages into histories that nobody is to answer. Knows no transport. */
@Injectable()
export class NoteService {
  constructor(
    private readonly prompts: PromptService,
    private readonly line: TurnLine,
  ) {}

  /**
   * At once or not at all: a session that works would answer it together with what it works on.
   *
   * @throws GatewayError FAILED_PRECONDITION while the session is busy; else as PromptService.accept
   */
  async add(prompt: Prompt): Promise<void> {
    const note = await this.prompts.acceptNote(prompt);
    await this.line.runWhenIdle(note.session.id, () => note.store());
  }
}
