import { Role, type Message } from '@a2a-js/sdk';
import type { TaskView } from '../a2a.model.js';

/** What the caller said in the task, in the order in which it was said. */
export function toHistory({ id, contextId, said }: Pick<TaskView, 'id' | 'contextId' | 'said'>): Message[] {
  return said.map(({ messageId, parts }) => ({
    messageId,
    contextId,
    taskId: id,
    role: Role.ROLE_USER,
    parts: parts.map((part) => ({
      content: part.type === 'text' ? { $case: 'text', value: part.text } : { $case: 'url', value: part.url },
      metadata: undefined,
      filename: part.type === 'text' ? '' : (part.filename ?? ''),
      mediaType: part.type === 'text' ? 'text/plain' : part.mime,
    })),
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  }));
}
