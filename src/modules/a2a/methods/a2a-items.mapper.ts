import { Message as A2AMessage, Task as A2ATask } from '@a2a-js/sdk';
import type { Message, ToolPart } from '../../message/message.model.js';
import { textsOf } from '../../message/message.mapper.js';
import type { Session } from '../../session/session.model.js';
import type { A2AVersion } from '../a2a.call.js';
import { contextOf } from '../task/task-id.js';

/** A session as a task that is completed: so clients can show it. */
export function toTaskJson({ id, title }: Pick<Session, 'id' | 'title'>, version: A2AVersion): unknown {
  const shared = { id, contextId: contextOf(id), metadata: { shared: { session: { id, title: title.trim() } } } };
  if (version === '0.3') return { ...shared, kind: 'task', status: { state: 'completed' } };
  return A2ATask.toJSON(A2ATask.fromJSON({ ...shared, status: { state: 'TASK_STATE_COMPLETED' } }));
}

/** A message with all its text in one part. */
export function toMessageJson({ info, parts }: Message, version: A2AVersion): unknown {
  const { id, sessionId, role } = info;
  const text = textsOf(parts, 'text').join('').trim() || outputOf(parts);
  const shared = { messageId: id, contextId: contextOf(sessionId), metadata: { shared: { session: { id: sessionId } } } };
  if (version === '0.3') return { ...shared, kind: 'message', role: role === 'user' ? 'user' : 'agent', parts: [{ kind: 'text', text }] };
  return A2AMessage.toJSON(A2AMessage.fromJSON({ ...shared, role: role === 'user' ? 'ROLE_USER' : 'ROLE_AGENT', parts: [{ text }] }));
}

/** Where nothing was said but something done, what came of it: a shell line has no other answer. */
function outputOf(parts: Message['parts']): string {
  const tools = parts.filter((part): part is ToolPart => part.type === 'tool');
  return tools.flatMap(({ output, error }) => output ?? error ?? []).join('\n');
}
