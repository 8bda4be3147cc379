import { Inject, Injectable } from '@nestjs/common';
import { may } from '../../../common/access/principal.js';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import { PermissionService } from '../../permission/permission.service.js';
import { QuestionService } from '../../question/question.service.js';
import type { A2ACall } from '../a2a.call.js';
import type { Ask, TaskRef, TaskView } from '../a2a.model.js';
import { TASK_STORE, type TaskStore } from '../task.store.js';
import type { AskAnswer } from '../wire/answer.mapper.js';
import { TaskAborter } from './task.aborter.js';
import type { TaskFeed } from './task.feed.js';
import { TaskMetrics, type AbortOutcome } from './task.metrics.js';

/** What callers do to a task that runs: answer what it asks, and end it. */
@Injectable()
export class TaskControl {
  constructor(
    private readonly permissions: PermissionService,
    private readonly questions: QuestionService,
    @Inject(TASK_STORE) private readonly store: TaskStore,
    private readonly aborter: TaskAborter,
    private readonly metrics: TaskMetrics,
  ) {}

  /** @throws GatewayError PERMISSION_DENIED without the scope approve; NOT_FOUND when it was answered meanwhile */
  async answer(ask: Ask, answer: AskAnswer, { sessionId }: TaskRef, { caller }: A2ACall): Promise<void> {
    if (!may(caller.principal, 'approve'))
      throw new GatewayError('PERMISSION_DENIED', 'This needs a token with the scope approve', {
        reason: 'SCOPE_MISSING',
        metadata: { scope: 'approve' },
      });
    switch (answer.type) {
      case 'permission':
        return this.permissions.answer({ sessionId, permissionId: ask.id, reply: answer.reply, message: answer.message }, caller);
      case 'question':
        return this.questions.reply({ sessionId, questionId: ask.id, answers: answer.answers }, caller);
      case 'question_rejected':
        return this.questions.reject(sessionId, ask.id, caller);
    }
  }

  /** As TaskService.cancel, of a task that is open. */
  async cancel(feed: TaskFeed, call: A2ACall): Promise<TaskView> {
    const done = this.metrics.onCancel();
    done(await this.end(feed, call));
    if (feed.view.state === 'canceled') return feed.view;
    throw new GatewayError('FAILED_PRECONDITION', `task ${feed.ref.id} has ended and cannot be canceled`, {
      reason: 'TASK_NOT_CANCELABLE',
    });
  }

  /** Whether a task was canceled, at whichever replica; while nobody can tell it was not. */
  async isCanceled({ id }: TaskRef): Promise<boolean> {
    const settled = await this.store.terminalState(id).catch(() => undefined);
    return settled === 'canceled';
  }

  /** A task that is canceled at another replica just when its turn comes here ends as well. */
  async heedCancel(feed: TaskFeed, call: A2ACall): Promise<void> {
    const never = new AbortController().signal;
    while (feed.state === 'submitted' && !feed.isOver) await feed.untilStateChanged(feed.statusSequence, never);
    if (feed.isOver || !(await this.isCanceled(feed.ref))) return;
    feed.end('canceled');
    await this.aborter.abort(feed.ref, call.caller);
  }

  private async end(feed: TaskFeed, { caller }: A2ACall): Promise<AbortOutcome> {
    if (feed.isTerminal) return 'not_attempted';
    const counting = await this.store.settle(feed.ref.id, 'canceled');
    if (feed.isTerminal) return 'not_attempted';
    feed.end(counting);
    return this.aborter.abort(feed.ref, caller);
  }
}
