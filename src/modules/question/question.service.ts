import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/access/principal.js';
import { AskAnswers } from '../../common/asks/ask-answers.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { Audit, type Actor } from '../../common/logging/audit.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { EventHub } from '../event/event.hub.js';
import { SessionOwners } from '../session/session.owners.js';
import { SessionService } from '../session/session.service.js';
import type { Question, QuestionAnswer } from './question.model.js';

/** What agents ask their users. Knows no transport. */
@Injectable()
export class QuestionService {
  private readonly audit = new Audit();

  constructor(
    private readonly pool: OpencodePool,
    private readonly hub: EventHub,
    private readonly sessions: SessionService,
    private readonly owners: SessionOwners,
    private readonly answers: AskAnswers,
  ) {}

  /** What waits for an answer: of one session and its sub-agents, or of all that somebody may know of. @throws GatewayError NOT_FOUND */
  async list(sessionId: string | undefined, viewer: Principal): Promise<Question[]> {
    if (sessionId !== undefined) await this.sessions.get(sessionId);
    const asked = this.hub.pendingQuestions(sessionId).map(({ question }) => question);
    return asked.filter(({ sessionId: askingId }) => this.owners.shows(viewer, askingId));
  }

  /** @throws GatewayError NOT_FOUND when the session has no such question, or no longer; INVALID_ARGUMENT unless each item has its answer. */
  async reply({ sessionId, questionId, answers }: QuestionAnswer, by: Actor): Promise<void> {
    await this.audit.carryOut({ action: 'question.answer', target: `${sessionId}/${questionId}`, by }, 'reply', async (act) => {
      const { question, directory } = await this.find(sessionId, questionId);
      act.target = `${question.sessionId}/${questionId}`;
      if (answers.length !== question.items.length)
        throw GatewayError.invalid('answers', `must hold one answer for each of the ${question.items.length} questions`);
      const { client } = this.pool.forSession(sessionId);
      await this.answers.carry({ kind: 'question', id: questionId, answer: 'reply', by }, () =>
        client.replyToQuestion(questionId, directory, answers),
      );
    });
  }

  /** Dismisses it, which ends the turn. @throws GatewayError NOT_FOUND */
  async reject(sessionId: string, questionId: string, by: Actor): Promise<void> {
    await this.audit.carryOut({ action: 'question.answer', target: `${sessionId}/${questionId}`, by }, 'reject', async (act) => {
      const { question, directory } = await this.find(sessionId, questionId);
      act.target = `${question.sessionId}/${questionId}`;
      const { client } = this.pool.forSession(sessionId);
      await this.answers.carry({ kind: 'question', id: questionId, answer: 'reject', by }, () =>
        client.rejectQuestion(questionId, directory),
      );
    });
  }

  private async find(sessionId: string, questionId: string): Promise<{ readonly question: Question; readonly directory: string }> {
    await this.sessions.get(sessionId);
    const asked = this.hub.pendingQuestions(sessionId).find(({ question }) => question.id === questionId);
    if (asked === undefined) throw GatewayError.notFound('question', questionId);
    return asked;
  }
}
