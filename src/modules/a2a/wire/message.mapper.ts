import { Role, type Message } from '@a2a-js/sdk';
import type { TaskView, TextLane } from '../a2a.model.js';
import type { Wishes } from './layout.js';
import { toTaskMetadata } from './shared-metadata.mapper.js';
import { textPart } from './task-status.mapper.js';
import { writtenPathOf } from './written-file.mapper.js';

/** What a completed task says, without the task; undefined where only the task tells what came of it: it asks, failed, or wrote files. */
export function toMessageAnswer(view: TaskView, { hints }: Pick<Wishes, 'hints'>): Message | undefined {
  const texts = view.lanes.filter((lane): lane is TextLane => lane.kind === 'text' && lane.text !== '');
  const last = texts.at(-1);
  const hasFiles = view.lanes.some((lane) => lane.kind === 'tool' && writtenPathOf(lane.part, view.directory) !== undefined);
  if (view.state !== 'completed' || last === undefined || hasFiles) return undefined;
  return {
    messageId: last.messageId,
    contextId: view.contextId,
    taskId: '',
    role: Role.ROLE_AGENT,
    parts: texts.map(({ text }) => textPart(text)),
    metadata: hints ? toTaskMetadata(view) : undefined,
    extensions: [],
    referenceTaskIds: [],
  };
}
