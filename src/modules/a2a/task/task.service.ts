import { ContentTypeNotSupportedError } from '@a2a-js/sdk/errors';
import { Inject, Injectable } from '@nestjs/common';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { PromptPart } from '../../message/prompt.model.js';
import { TurnService } from '../../message/turn.service.js';
import type { Session } from '../../session/session.model.js';
import type { A2ACall } from '../a2a.call.js';
import type { Ask, TaskRef, TaskView } from '../a2a.model.js';
import { askIdIn, toAskAnswer } from '../wire/answer.mapper.js';
import type { SendCommand } from '../wire/send.mapper.js';
import { TaskControl } from './task.control.js';
import type { TaskFeed } from './task.feed.js';
import { TaskFeeds } from './task.feeds.js';
import { fromTaskId, taskNotFound, toTaskRef } from './task-id.js';
import { TASK_OPTIONS, type TaskOptions } from './task.options.js';
import { TaskSessions } from './task.sessions.js';

/** Tasks: turns of sessions, as A2A knows them. Knows no wire. */
@Injectable()
export class TaskService {
  constructor(
    private readonly feeds: TaskFeeds,
    private readonly sessions: TaskSessions,
    private readonly turns: TurnService,
    private readonly control: TaskControl,
    @Inject(TASK_OPTIONS) private readonly options: TaskOptions,
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
    return this.control.cancel(await this.open(taskId, call), call);
  }

  private async begin(command: SendCommand, call: A2ACall): Promise<TaskFeed> {
    const { caller } = call;
    if (command.directory !== undefined && !this.options.allowsDirectories)
      throw GatewayError.invalid('metadata.opencode.directory', 'directories cannot be chosen here');
    const { session, contextId } = await this.sessions.find(command, caller);
    const { messageId, model, outputModes } = command;
    const { system, variant } = this.options;
    const parts = [...command.parts, ...this.toPrompt(command.data)];
    // Without a conversation there is nothing in which a message could have been said before.
    const requestId = command.contextId === '' && command.sessionId === undefined ? '' : `a2a ${caller.principal.id} ${messageId}`;
    const isCalledOff = (turnId: string): Promise<boolean> => this.control.isCanceled(toTaskRef(session.id, turnId));
    const prompt = { sessionId: session.id, parts, model, agent: undefined, system, variant, requestId, isCalledOff };
    const said = { messageId, parts };
    const feed = await this.feeds.begin({ session, contextId, outputModes, said, begin: () => this.turns.begin(prompt, caller) });
    if (feed.state === 'submitted') this.control.heedCancel(feed, call).catch(() => undefined);
    return feed;
  }

  /** Structured parts as an agent reads them. @throws ContentTypeNotSupportedError where they are not taken */
  private toPrompt(data: readonly unknown[]): PromptPart[] {
    if (data.length > 0 && !this.options.acceptsData)
      throw new ContentTypeNotSupportedError('message.parts: data parts are not accepted here');
    return data.map((value) => ({ type: 'text', text: `\`\`\`json\n${JSON.stringify(value, undefined, 2)}\n\`\`\`` }));
  }

  private async goOn(command: SendCommand, call: A2ACall): Promise<TaskFeed> {
    const feed = await this.open(command.taskId, call);
    const { contextId, state, asks } = feed.view;
    if (command.contextId !== '' && command.contextId !== contextId)
      throw GatewayError.invalid('message.contextId', 'is not the context of the task');
    if (feed.isTerminal) throw takesNoMessage('TASK_OVER', `task ${command.taskId} has ended: ${state}; begin another in its context`);
    const askId = command.data.map(askIdIn).find((id) => id !== undefined);
    const ask = askId === undefined ? asks[0] : asks.find(({ id }) => id === askId);
    if (ask === undefined) {
      const asked =
        askId === undefined || asks.length === 0 ? 'asks for nothing now; begin another in its context' : `does not ask ${askId} now`;
      throw takesNoMessage('TASK_WORKING', `task ${command.taskId} ${asked}`);
    }
    const answer = toAskAnswer(ask, command.data, textOf(command.parts));
    if (answer === undefined) throw GatewayError.invalid('message.parts', `do not answer what the ${ask.type} asks`);
    await this.control.answer(ask, answer, feed.ref, call);
    feed.hear({ messageId: command.messageId, parts: command.parts });
    await this.untilHeard(feed, ask, call);
    return feed;
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
