import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/access/principal.js';
import { EventHub } from '../event/event.hub.js';
import { MessageService } from '../message/message.service.js';
import { StatusService } from '../message/status.service.js';
import { TurnRegistry } from '../message/turn.registry.js';
import type { AgentState } from './workspace.model.js';
import { WorkspaceService } from './workspace.service.js';

/** What the container's agent does now. Knows no transport. */
@Injectable()
export class WorkspaceAgentService {
  constructor(
    private readonly workspace: WorkspaceService,
    private readonly messages: MessageService,
    private readonly turns: TurnRegistry,
    private readonly statuses: StatusService,
    private readonly hub: EventHub,
  ) {}

  async state(owner: Principal): Promise<AgentState> {
    const session = await this.workspace.session(owner);
    const turn = this.turns.current(session.id);
    const shared = { model: session.model, startedAtMs: turn?.createdAtMs };
    const status = this.statuses.of(session.id);
    switch (status.type) {
      case 'waiting_permission':
        return { ...shared, status: 'waiting', operation: `permission: ${this.askedPermission(session.id)}` };
      case 'waiting_question':
        return { ...shared, status: 'waiting', operation: 'question' };
      case 'retry':
        return { ...shared, status: 'processing', operation: 'waiting to retry' };
      case 'busy':
        return { ...shared, status: 'processing', operation: turn?.state ?? 'running' };
      case 'idle':
        return { ...shared, status: (await this.lastTurnFailed(session.id)) ? 'error' : 'idle', operation: '' };
    }
  }

  private askedPermission(sessionId: string): string {
    return this.hub.pendingPermissions(sessionId)[0]?.permission.type ?? '';
  }

  /** As the turn ended here, or, after a restart, as its last message says. */
  private async lastTurnFailed(sessionId: string): Promise<boolean> {
    const outcome = this.turns.lastOutcome(sessionId);
    if (outcome !== undefined) return outcome.state === 'failed' || outcome.state === 'interrupted';
    const last = (await this.messages.listPage(sessionId, 1, '')).messages.at(-1);
    return last?.info.failure !== undefined && last.info.failure.name !== 'MessageAbortedError';
  }
}
