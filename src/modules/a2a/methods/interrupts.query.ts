import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { EventHub } from '../../event/event.hub.js';
import { TurnRegistry } from '../../message/turn.registry.js';
import { PermissionService } from '../../permission/permission.service.js';
import { QuestionService } from '../../question/question.service.js';
import type { A2ACall } from '../a2a.call.js';
import type { Ask } from '../a2a.model.js';
import type { ExtensionMethod } from '../extension-method.js';
import { contextOf, toTaskRef } from '../task/task-id.js';
import { toAskDetails } from '../wire/shared-metadata.mapper.js';
import { DirectoryGuard } from './directory.guard.js';
import { metadata, parseParams, type Params } from './extension.params.js';

const listParams = z.strictObject({ metadata });

/** What waits for an answer, for who comes back and does not know. */
@Injectable()
export class InterruptsQuery {
  readonly methods: readonly ExtensionMethod[] = [
    { name: 'opencode.permissions.list', scope: 'read', run: (params, call) => this.permissionList(params, call) },
    { name: 'opencode.questions.list', scope: 'read', run: (params, call) => this.questionList(params, call) },
  ];

  constructor(
    private readonly directories: DirectoryGuard,
    private readonly hub: EventHub,
    private readonly turns: TurnRegistry,
    private readonly permissions: PermissionService,
    private readonly questions: QuestionService,
  ) {}

  /** `{items: [{request_id, session_id, interrupt_type, task_id, context_id, details, expires_at}]}`; nothing expires: `expires_at` is null. */
  private async permissionList(params: Params, { caller }: A2ACall): Promise<unknown> {
    this.directories.ofMetadata(parseParams(listParams, params).metadata);
    const permissions = await this.permissions.list(undefined, caller.principal);
    return {
      items: permissions.map((permission) => this.toItem({ type: 'permission', id: permission.id, permission }, permission.sessionId)),
    };
  }

  /** The same. */
  private async questionList(params: Params, { caller }: A2ACall): Promise<unknown> {
    this.directories.ofMetadata(parseParams(listParams, params).metadata);
    const questions = await this.questions.list(undefined, caller.principal);
    return { items: questions.map((question) => this.toItem({ type: 'question', id: question.id, question }, question.sessionId)) };
  }

  /** The task is that of the root: a sub-agent's asks are asked of who began the whole. */
  private toItem(ask: Ask, sessionId: string): unknown {
    const rootId = this.hub.rootIdOf(sessionId);
    const turn = this.turns.current(rootId);
    return {
      request_id: ask.id,
      session_id: sessionId,
      interrupt_type: ask.type,
      task_id: turn === undefined ? null : toTaskRef(rootId, turn.id).id,
      context_id: contextOf(rootId),
      details: toAskDetails(ask),
      expires_at: null,
    };
  }
}
