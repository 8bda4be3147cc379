import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Permission } from '../../permission/permission.model.js';
import { PermissionService } from '../../permission/permission.service.js';
import type { Question } from '../../question/question.model.js';
import { QuestionService } from '../../question/question.service.js';
import type { A2ACall } from '../a2a.call.js';
import type { Ask } from '../a2a.model.js';
import { ExtensionError, type ExtensionMethod } from '../extension-method.js';
import { ClosedAsks } from './closed-asks.js';
import { id, metadata, optional, parseParams, type Params } from './extension.params.js';
import { SessionCheck } from './session.check.js';

const REPLIES = ['once', 'always', 'reject'] as const;
const REPLY = `must be one of: ${REPLIES.join(', ')}`;
const reply = z
  .string({ error: REPLY })
  .transform((word) => word.trim().toLowerCase())
  .pipe(z.enum(REPLIES, { error: REPLY }));
/** Blank labels are none. */
const labels = z.array(z.string()).transform((options) => options.map((option) => option.trim()).filter((option) => option !== ''));

const permissionParams = z.strictObject({ request_id: id, reply, message: optional(z.string()), metadata });
const answerParams = z.strictObject({ request_id: id, answers: z.array(labels), metadata });
const rejectParams = z.strictObject({ request_id: id, metadata });

/** Answering what agents ask, sub-agents' too: by the id of the ask alone, for as long as OpenCode waits for it. */
@Injectable()
export class InterruptsControl {
  readonly methods: readonly ExtensionMethod[] = [
    { name: 'a2a.interrupt.permission.reply', scope: 'approve', run: (params, call) => this.replyToPermission(params, call) },
    { name: 'a2a.interrupt.question.reply', scope: 'approve', run: (params, call) => this.replyToQuestion(params, call) },
    { name: 'a2a.interrupt.question.reject', scope: 'approve', run: (params, call) => this.rejectQuestion(params, call) },
  ];

  constructor(
    private readonly check: SessionCheck,
    private readonly permissions: PermissionService,
    private readonly questions: QuestionService,
    private readonly closed: ClosedAsks,
  ) {}

  /** `{ok: true, request_id}` */
  private async replyToPermission(params: Params, call: A2ACall): Promise<unknown> {
    const wanted = parseParams(permissionParams, params);
    this.check.directoryOf(wanted);
    const { id: permissionId, sessionId } = await this.findPermission(wanted.request_id, call);
    await this.permissions.answer({ sessionId, permissionId, reply: wanted.reply, message: wanted.message }, call.caller);
    return done(permissionId);
  }

  /** The same. */
  private async replyToQuestion(params: Params, call: A2ACall): Promise<unknown> {
    const wanted = parseParams(answerParams, params);
    this.check.directoryOf(wanted);
    const { id: questionId, sessionId } = await this.findQuestion(wanted.request_id, call);
    await this.questions.reply({ sessionId, questionId, answers: wanted.answers }, call.caller);
    return done(questionId);
  }

  /** The same. */
  private async rejectQuestion(params: Params, call: A2ACall): Promise<unknown> {
    const wanted = parseParams(rejectParams, params);
    this.check.directoryOf(wanted);
    const { id: questionId, sessionId } = await this.findQuestion(wanted.request_id, call);
    await this.questions.reject(sessionId, questionId, call.caller);
    return done(questionId);
  }

  private async findPermission(requestId: string, call: A2ACall): Promise<Permission> {
    const ask = await this.find(requestId, call);
    if (ask.type !== 'permission') throw mismatch(requestId, 'permission', ask.type);
    await this.check.admit(ask.permission.sessionId, call);
    return ask.permission;
  }

  private async findQuestion(requestId: string, call: A2ACall): Promise<Question> {
    const ask = await this.find(requestId, call);
    if (ask.type !== 'question') throw mismatch(requestId, 'question', ask.type);
    await this.check.admit(ask.question.sessionId, call);
    return ask.question;
  }

  /** @throws ExtensionError INTERRUPT_REQUEST_NOT_FOUND, also for what others are asked; INTERRUPT_REQUEST_EXPIRED */
  private async find(requestId: string, { caller: { principal } }: A2ACall): Promise<Ask> {
    const permission = (await this.permissions.list(undefined, principal)).find((each) => each.id === requestId);
    if (permission !== undefined) return { type: 'permission', id: requestId, permission };
    const question = (await this.questions.list(undefined, principal)).find((each) => each.id === requestId);
    if (question !== undefined) return { type: 'question', id: requestId, question };
    const data = { request_id: requestId };
    if (this.closed.has(requestId, principal)) throw new ExtensionError('INTERRUPT_REQUEST_EXPIRED', 'Interrupt request expired', data);
    throw new ExtensionError('INTERRUPT_REQUEST_NOT_FOUND', 'Interrupt request not found', data);
  }
}

function done(requestId: string): unknown {
  return { ok: true, request_id: requestId };
}

function mismatch(requestId: string, expected: Ask['type'], actual: Ask['type']): ExtensionError {
  const message = `Interrupt type mismatch: expected ${expected}, got ${actual}`;
  return new ExtensionError('INTERRUPT_TYPE_MISMATCH', message, { request_id: requestId, expected, actual });
}
