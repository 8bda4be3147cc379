import { Injectable } from '@nestjs/common';
import type { Caller } from '../../common/access/caller.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { TurnUpdate } from '../event/event.model.js';
import type { CommandInvocation, ShellInvocation } from './invocation.model.js';
import { InvocationService } from './invocation.service.js';
import type { Message } from './message.model.js';
import { MessageService } from './message.service.js';
import type { Prompt } from './prompt.model.js';
import { PromptService } from './prompt.service.js';
import { TurnService } from './turn.service.js';
import type { TurnTask } from './turn.task.js';

export interface RunResult {
  readonly turn: TurnUpdate;
  readonly message: Message;
}

/** Prompts, commands and shell lines whose answer the caller waits for. */
@Injectable()
export class RunService {
  constructor(
    private readonly turns: TurnService,
    private readonly messages: MessageService,
    private readonly prompts: PromptService,
    private readonly invocations: InvocationService,
  ) {}

  /**
   * The last message of the turn, whether it completed, failed, was aborted or rejected: the message says so itself.
   *
   * @throws GatewayError UNAVAILABLE when OpenCode stopped in the middle; ABORTED or FAILED_PRECONDITION when the turn
   * ended without any message; and what TurnService.send throws.
   */
  async run(prompt: Prompt, caller: Caller): Promise<RunResult> {
    return this.answer(await this.prompts.accept(prompt), caller);
  }

  /** As `run`. @throws GatewayError INVALID_ARGUMENT for an unknown command */
  async runCommand(invocation: CommandInvocation, caller: Caller): Promise<RunResult> {
    return this.answer(await this.invocations.acceptCommand(invocation), caller);
  }

  /** As `run`. @throws GatewayError PERMISSION_DENIED where the shell is switched off */
  async runShell(invocation: ShellInvocation, caller: Caller): Promise<RunResult> {
    return this.answer(await this.invocations.acceptShell(invocation, caller), caller);
  }

  private async answer(task: TurnTask, caller: Caller): Promise<RunResult> {
    const turn = await this.turns.run(task, caller);
    const metadata = { turnId: turn.turnId, ...(turn.failure !== undefined && { errorName: turn.failure.name }) };
    if (turn.state === 'interrupted') {
      throw new GatewayError('UNAVAILABLE', turn.failure?.message ?? 'The turn was interrupted', { reason: 'TURN_INTERRUPTED', metadata });
    }
    if (turn.messageId !== undefined) return { turn, message: await this.messages.get(task.session.id, turn.messageId) };
    if (turn.state === 'aborted')
      throw new GatewayError('ABORTED', 'The turn was aborted before it answered', { reason: 'TURN_ABORTED', metadata });
    throw new GatewayError('FAILED_PRECONDITION', turn.failure?.message ?? 'The turn failed', { reason: 'TURN_FAILED', metadata });
  }
}
