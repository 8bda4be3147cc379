import { Inject, Injectable, Logger } from '@nestjs/common';
import { may } from '../../../common/access/principal.js';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { PromptPart } from '../../message/prompt.model.js';
import { TurnService } from '../../message/turn.service.js';
import { PermissionService } from '../../permission/permission.service.js';
import { QuestionService } from '../../question/question.service.js';
import type { Session } from '../../session/session.model.js';
import type { A2ACall } from '../a2a.call.js';
import type { Ask, TaskRef, TaskView } from '../a2a.model.js';
import { TASK_STORE, type TaskStore } from '../task.store.js';
import { askIdIn, toAskAnswer, type AskAnswer } from '../wire/answer.mapper.js';
import type { SendCommand } from '../wire/send.mapper.js';
import type { TaskFeed } from './task.feed.js';
import { TaskFeeds } from './task.feeds.js';
import { fromTaskId, taskNotFound } from './task-id.js';
import { TaskSessions } from './task.sessions.js';

export interface TaskServiceOptions {
  /** Of every prompt; undefined: the agent's own. */
  readonly system: string | undefined;
  readonly variant: string | undefined;
  /** Callers may choose directories inside the workspace. */
  readonly allowsDirectories: boolean;
  /** How long a cancel waits for OpenCode to let go. */
  readonly abortTimeoutMs: number;
}

/** Injection token of TaskServiceOptions. */
export const TASK_OPTIONS = Symbol('TASK_OPTIONS');

/** Tasks: turns of sessions, as A2A knows them. Knows no wire. */
@Injectable()
export class TaskService {
  private readonly logger = new Logger(TaskService.name);

  constructor(
    private readonly feeds: TaskFeeds,
    private readonly sessions: TaskSessions,
    private readonly turns: TurnService,
    private readonly permissions: PermissionService,
    private readonly questions: QuestionService,
    @Inject(TASK_STORE) private readonly store: TaskStore,
    @Inject(TASK_OPTIONS) private readonly options: TaskServiceOptions,
  ) {}

  /**
   * Begins a task, or answers what a task asks.
   *
   * @throws GatewayError NOT_FOUND for a task or session that is none or somebody else's; FAILED_PRECONDITION (reason TASK_OVER,
   * TASK_WORKING) for a task that takes no message; INVALID_ARGUMENT naming the field; and what TurnService.begin throws
   */
  async send(command: SendCommand, call: A2ACall): Promise<TaskFeed> {
    return command.taskId === '' ? this.begin(command, call) : this.goOn(command, call);
  }

  /** @throws GatewayError NOT_FOUND for a task that is none or somebody else's */
  async open(taskId: string, call: A2ACall): Promise<TaskFeed> {
    const ref = fromTaskId(taskId);
    return this.feeds.open(ref, await this.sessionOf(ref, call));
  }

  /**
   * Cancels a task: it is canceled at once, and what it does is aborted as well as can be within the time. Cancelled once more it
   * stays as it is.
   *
   * @throws GatewayError NOT_FOUND; FAILED_PRECONDITION (reason TASK_NOT_CANCELABLE) when it has ended otherwise
   */
  async cancel(taskId: string, call: A2ACall): Promise<TaskView> {
    const feed = await this.open(taskId, call);
    if (!feed.isTerminal) {
      const counting = await this.store.settle(taskId, 'canceled');
      if (!feed.isTerminal) {
        feed.end(counting);
        await this.abort(feed.ref, call);
        this.feeds.retire(feed);
      }
    }
    if (feed.view.state === 'canceled') return feed.view;
    throw new GatewayError('FAILED_PRECONDITION', `task ${taskId} has ended and cannot be canceled`, { reason: 'TASK_NOT_CANCELABLE' });
  }

  /** Best effort: the task is canceled whether OpenCode lets go of it in time or not. */
  private async abort({ sessionId, turnId }: TaskRef, { caller }: A2ACall): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.options.abortTimeoutMs)));
    const aborted = this.turns
      .abortOne(sessionId, turnId, caller)
      .catch((error: unknown) => this.logger.warn(`Turn ${turnId} of session ${sessionId} could not be aborted: ${String(error)}`));
    await Promise.race([aborted, late]);
    clearTimeout(timer);
  }

  private async begin(command: SendCommand, { caller }: A2ACall): Promise<TaskFeed> {
    if (command.directory !== undefined && !this.options.allowsDirectories)
      throw GatewayError.invalid('metadata.opencode.directory', 'directories cannot be chosen here');
    const { session, contextId } = await this.sessions.find(command, caller);
    const { messageId, parts, model, outputModes } = command;
    const { system, variant } = this.options;
    // Without a conversation there is nothing in which a message could have been said before.
    const requestId = command.contextId === '' && command.sessionId === undefined ? '' : `a2a ${caller.principal.id} ${messageId}`;
    const prompt = { sessionId: session.id, parts, model, agent: undefined, system, variant, requestId };
    const said = { messageId, parts };
    const feed = await this.feeds.begin({ session, contextId, said, begin: () => this.turns.begin(prompt, caller) });
    await this.store.note(feed.ref.id, { contextId, outputModes });
    return feed;
  }

  private async goOn(command: SendCommand, call: A2ACall): Promise<TaskFeed> {
    const feed = await this.open(command.taskId, call);
    const { contextId, state, asks } = feed.view;
    if (command.contextId !== '' && command.contextId !== contextId)
      throw GatewayError.invalid('message.contextId', 'is not the context of the task');
    if (feed.isTerminal) throw takesNoMessage('TASK_OVER', `task ${command.taskId} has ended: ${state}; begin another in its context`);
    const askId = command.data.map(askIdIn).find((id) => id !== undefined);
    const ask = askId === undefined ? asks[0] : asks.find(({ id }) => id === askId);
    if (ask === undefined)
      throw takesNoMessage('TASK_WORKING', `task ${command.taskId} asks for nothing now; begin another in its context`);
    const answer = toAskAnswer(ask, command.data, textOf(command.parts));
    if (answer === undefined) throw GatewayError.invalid('message.parts', `do not answer what the ${ask.type} asks`);
    await this.answer(ask, answer, feed.ref, call);
    feed.hear({ messageId: command.messageId, parts: command.parts });
    await this.untilHeard(feed, ask, call);
    return feed;
  }

  /** @throws GatewayError PERMISSION_DENIED without the scope approve; NOT_FOUND when it was answered meanwhile */
  private async answer(ask: Ask, answer: AskAnswer, { sessionId }: TaskRef, { caller }: A2ACall): Promise<void> {
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

  /** Whoever answered must not be shown the question once more. */
  private async untilHeard(feed: TaskFeed, { id }: Ask, { signal }: A2ACall): Promise<void> {
    while (!signal.aborted && !feed.isOver && feed.view.asks.some((open) => open.id === id))
      await feed.untilChanged(feed.view.sequence, signal);
  }

  private async sessionOf({ id, sessionId }: TaskRef, { caller }: A2ACall): Promise<Session> {
    try {
      return await this.sessions.get(sessionId, caller);
    } catch (error) {
      // Of a session that is not theirs, or none any more, nobody learns from the words.
      throw error instanceof GatewayError && error.code === 'NOT_FOUND' ? taskNotFound(id) : error;
    }
  }
}

function textOf(parts: readonly PromptPart[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}

function takesNoMessage(reason: string, message: string): GatewayError {
  return new GatewayError('FAILED_PRECONDITION', message, { reason });
}
