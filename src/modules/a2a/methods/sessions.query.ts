import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { HistoryService } from '../../message/history.service.js';
import { MessageService } from '../../message/message.service.js';
import { StatusService } from '../../message/status.service.js';
import { SessionService } from '../../session/session.service.js';
import type { A2ACall } from '../a2a.call.js';
import type { ExtensionMethod } from '../extension-method.js';
import { toMessageJson, toTaskJson } from './a2a-items.mapper.js';
import { id, metadata, optional, parseParams, type Params } from './extension.params.js';
import { SessionCheck, toUnknownMessage } from './session.check.js';
import { toDiffItem, toStatusItem } from './session-items.mapper.js';

const directory = optional(z.string());
const ofSession = { session_id: id, directory, metadata };
const statusParams = z.strictObject({ directory, metadata });
const sessionParams = z.strictObject(ofSession);
const diffParams = z.strictObject({ ...ofSession, message_id: optional(id) });
const messageParams = z.strictObject({ ...ofSession, message_id: id });

/** Reading one session, or what all of them do: what opencode-a2a 0.8 added. */
@Injectable()
export class SessionsQuery {
  readonly methods: readonly ExtensionMethod[] = [
    { name: 'opencode.sessions.status', scope: 'read', run: (params, call) => this.status(params, call) },
    { name: 'opencode.sessions.get', scope: 'read', run: (params, call) => this.get(params, call) },
    { name: 'opencode.sessions.children', scope: 'read', run: (params, call) => this.children(params, call) },
    { name: 'opencode.sessions.todo', scope: 'read', run: (params, call) => this.todo(params, call) },
    { name: 'opencode.sessions.diff', scope: 'read', run: (params, call) => this.diff(params, call) },
    { name: 'opencode.sessions.messages.get', scope: 'read', run: (params, call) => this.message(params, call) },
  ];

  constructor(
    private readonly check: SessionCheck,
    private readonly sessions: SessionService,
    private readonly histories: HistoryService,
    private readonly messages: MessageService,
    private readonly statuses: StatusService,
  ) {}

  /** `{items: [{session_id, type, waiting_for?, attempt?, message?, next?}]}`: sessions that are not idle. */
  private async status(params: Params, { caller }: A2ACall): Promise<unknown> {
    const wanted = parseParams(statusParams, params);
    const place = this.check.directoryOf(wanted);
    const statuses = [...this.statuses.list(caller.principal)];
    const sessions = place === undefined ? [] : await this.sessions.list(caller.principal);
    const here = new Set(sessions.filter((session) => session.directory === place).map((session) => session.id));
    const shown = statuses.filter(([sessionId]) => place === undefined || here.has(sessionId));
    return { items: shown.map(([sessionId, status]) => toStatusItem(sessionId, status)) };
  }

  /** `{item: Task}` */
  private async get(params: Params, call: A2ACall): Promise<unknown> {
    const sessionId = await this.admit(parseParams(sessionParams, params), call);
    return { item: toTaskJson(await this.sessions.get(sessionId), call.version) };
  }

  /** `{items: Task[]}`: the sessions of its sub-agents. */
  private async children(params: Params, call: A2ACall): Promise<unknown> {
    const sessionId = await this.admit(parseParams(sessionParams, params), call);
    return { items: (await this.sessions.children(sessionId)).map((session) => toTaskJson(session, call.version)) };
  }

  /** `{items: [{content, status, priority}]}` */
  private async todo(params: Params, call: A2ACall): Promise<unknown> {
    const sessionId = await this.admit(parseParams(sessionParams, params), call);
    const todos = await this.sessions.todos(sessionId);
    return { items: todos.map(({ content, status, priority }) => ({ content, status, priority })) };
  }

  /** `{items: [{file, status, additions, deletions, patch}]}`: what the turn of a user message changed; without one, every turn. */
  private async diff(params: Params, call: A2ACall): Promise<unknown> {
    const wanted = parseParams(diffParams, params);
    const sessionId = await this.admit(wanted, call);
    const diffs = await this.histories.diff(sessionId, wanted.message_id ?? '').catch(toUnknownMessage);
    return { items: diffs.map(toDiffItem) };
  }

  /** `{item: Message}` */
  private async message(params: Params, call: A2ACall): Promise<unknown> {
    const wanted = parseParams(messageParams, params);
    const sessionId = await this.admit(wanted, call);
    return { item: toMessageJson(await this.messages.get(sessionId, wanted.message_id).catch(toUnknownMessage), call.version) };
  }

  private async admit(wanted: z.output<typeof sessionParams>, call: A2ACall): Promise<string> {
    this.check.directoryOf(wanted);
    return this.check.admit(wanted.session_id, call);
  }
}
