import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { TaskRef } from '../a2a.model.js';

const TASK_ID = /^(ses_[0-9A-Za-z]{1,64})\.(msg[\w-]{1,80})$/;
const CONTEXT_ID = /^ctx:opencode-session:(ses_[0-9A-Za-z]{1,64})$/;

/** A task's id names its session and its turn, so that every replica finds it, also after a restart. */
export function toTaskRef(sessionId: string, turnId: string): TaskRef {
  return { id: `${sessionId}.${turnId}`, sessionId, turnId };
}

/**
 * @param id - undefined where the protocol library leaves out what a caller left out
 * @throws GatewayError NOT_FOUND for what is no id of ours: there is no such task; INVALID_ARGUMENT for none at all
 */
export function fromTaskId(id: string | undefined): TaskRef {
  if (id === undefined || id.trim() === '') throw GatewayError.invalid('id', 'is required: the id of a task');
  const [, sessionId, turnId] = TASK_ID.exec(id) ?? [];
  if (sessionId === undefined || turnId === undefined) throw taskNotFound(id);
  return { id, sessionId, turnId };
}

export function taskNotFound(id: string): GatewayError {
  return new GatewayError('NOT_FOUND', `task ${JSON.stringify(id.slice(0, 200))} not found`, { reason: 'TASK_NOT_FOUND' });
}

/** The context of a session whose caller gave none. */
export function contextOf(sessionId: string): string {
  return `ctx:opencode-session:${sessionId}`;
}

/** The session that a context of ours stands for; undefined for one that a caller made up. */
export function sessionOf(contextId: string): string | undefined {
  return CONTEXT_ID.exec(contextId)?.[1];
}
