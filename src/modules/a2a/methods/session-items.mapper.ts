import type { FileDiff, SessionStatus } from '../../session/session.model.js';

/** `busy` while it waits for somebody, who is told for what. */
export function toStatusItem(sessionId: string, status: SessionStatus): unknown {
  switch (status.type) {
    case 'retry': {
      const { type, attempt, message, nextAttemptAtMs } = status;
      return { session_id: sessionId, type, attempt, message, next: nextAttemptAtMs };
    }
    case 'waiting_permission':
      return { session_id: sessionId, type: 'busy', waiting_for: 'permission' };
    case 'waiting_question':
      return { session_id: sessionId, type: 'busy', waiting_for: 'question' };
    default:
      return { session_id: sessionId, type: status.type };
  }
}

export function toDiffItem({ path, status, additions, deletions, patch }: FileDiff): unknown {
  return { file: path, status, additions, deletions, patch };
}
