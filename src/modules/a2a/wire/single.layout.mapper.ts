import type { Artifact, Part, StreamResponse, Task } from '@a2a-js/sdk';
import type { ToolPart } from '../../message/message.model.js';
import type { TaskEvent, TaskView, TextLane } from '../a2a.model.js';
import { toHistory } from './history.mapper.js';
import type { Layout, TaskPlace, Wishes } from './layout.js';
import { sourceOf, toChunkMetadata, toStatusMetadata, toTaskMetadata } from './shared-metadata.mapper.js';
import { dataPart, textPart, toLegacyTaskStatus, toStatusTold, toStatusUpdate } from './task-status.mapper.js';
import { toLegacyToolData } from './tool-data.mapper.js';
import { toJsonFilePart } from './written-file.mapper.js';

/**
 * Version 0.3, as opencode-a2a-server lays it out: one artifact for all that comes, told apart by `block_type`.
 *
 * Its first chunk begins the artifact and every other one is appended. A task as a whole shows the answer alone,
 * and for who wants them the JSON files.
 */
export const singleLayout: Layout = {
  toTask(view, { wantsJson }): Task {
    const files = wantsJson ? view.lanes.flatMap((lane) => (lane.kind === 'tool' ? toJsonFiles(lane.part, view) : [])) : [];
    const answer = [...answersOf(view).map(({ text }) => textPart(text)), ...files];
    return {
      id: view.id,
      contextId: view.contextId,
      status: toLegacyTaskStatus({ ...view, taskId: view.id, atMs: view.changedAtMs, ask: view.asks[0] }),
      artifacts: answer.length === 0 ? [] : [toArtifact(view.id, answer)],
      history: toHistory(view),
      metadata: toTaskMetadata(view),
    };
  },

  toStreamResponse(event, place, wishes): StreamResponse | undefined {
    if (event.type === 'status')
      return toStatusUpdate(place, toLegacyTaskStatus(toStatusTold(event, place)), toStatusMetadata(event, place));
    // What was told cannot be taken back here; the end tells the answer as it became.
    if (event.type === 'rewrite') return undefined;
    const { id: taskId, contextId } = place;
    const { kind, messageId } = event.lane;
    const chunk = { blockType: kind === 'tool' ? 'tool_call' : kind, source: sourceOf(event), messageId } as const;
    return {
      payload: {
        $case: 'artifactUpdate',
        value: {
          taskId,
          contextId,
          artifact: toArtifact(taskId, toParts(event, place, wishes)),
          append: !event.isFirstOutput,
          lastChunk: false,
          metadata: { shared: { stream: toChunkMetadata({ taskId, contextId, sequence: event.sequence }, chunk) } },
        },
      },
    };
  },
};

/** The answer as a whole, for readers whose stream told it otherwise; behind everything, and before the last status. */
export function toFinalSnapshot(view: TaskView, sequence: number): StreamResponse {
  const answers = answersOf(view);
  const { id: taskId, contextId } = view;
  const chunk = { blockType: 'text', source: 'final_snapshot', messageId: answers.at(-1)?.messageId ?? '' } as const;
  return {
    payload: {
      $case: 'artifactUpdate',
      value: {
        taskId,
        contextId,
        artifact: toArtifact(
          taskId,
          answers.map(({ text }) => textPart(text)),
        ),
        append: true,
        lastChunk: true,
        metadata: { shared: { stream: toChunkMetadata({ taskId, contextId, sequence }, chunk) } },
      },
    },
  };
}

function answersOf({ lanes }: TaskView): TextLane[] {
  return lanes.filter((lane): lane is TextLane => lane.kind === 'text');
}

function toParts(event: Exclude<TaskEvent, { type: 'status' | 'rewrite' }>, place: TaskPlace, { takesData, wantsJson }: Wishes): Part[] {
  if (event.type === 'text') return [textPart(event.delta)];
  const { part } = event.lane;
  const data = toLegacyToolData(part);
  return [takesData ? dataPart(data) : textPart(JSON.stringify(data)), ...(wantsJson ? toJsonFiles(part, place) : [])];
}

/** A JSON file as its value. Here that is an object, and its name has no place but the metadata. */
function toJsonFiles(tool: ToolPart, { directory }: Pick<TaskPlace, 'directory'>): Part[] {
  const part = toJsonFilePart(tool, directory);
  return part === undefined || Array.isArray(part.content?.value) ? [] : [{ ...part, metadata: { filename: part.filename } }];
}

function toArtifact(taskId: string, parts: Part[]): Artifact {
  return { artifactId: `${taskId}:stream`, name: 'response', description: '', parts, metadata: undefined, extensions: [] };
}
