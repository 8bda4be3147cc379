import type { Artifact, Part, StreamResponse, Task } from '@a2a-js/sdk';
import type { ToolPart } from '../../message/message.model.js';
import type { Lane, TaskEvent, TextLane, ToolLane } from '../a2a.model.js';
import { toHistory } from './history.mapper.js';
import type { Layout, TaskPlace, Wishes } from './layout.js';
import { sourceOf, toChunkMetadata, toStatusMetadata, toTaskMetadata } from './shared-metadata.mapper.js';
import { dataPart, textPart, toStatusTold, toStatusUpdate, toTaskStatus } from './task-status.mapper.js';
import { toToolData } from './tool-data.mapper.js';
import { fileUrlOf, toFilePart, toJsonFilePart, writtenPathOf } from './written-file.mapper.js';

/**
 * Version 1.0: an artifact for each text and each tool call, answers before tools, so that who takes the first has the answer.
 *
 * Metadata under the predecessor's names, and thoughts, come to those who negotiated the stream hints.
 */
export const lanesLayout: Layout = {
  toTask(view, wishes): Task {
    return {
      id: view.id,
      contextId: view.contextId,
      status: toTaskStatus({ ...view, taskId: view.id, atMs: view.changedAtMs, ask: view.asks[0] }),
      artifacts: inOrder(view.lanes.filter((lane) => isShown(lane, wishes))).map((lane) => toArtifact(lane, view, wishes)),
      history: toHistory(view),
      metadata: wishes.hints ? toTaskMetadata(view) : undefined,
    };
  },

  toStreamResponse(event, place, wishes): StreamResponse | undefined {
    switch (event.type) {
      case 'status':
        return toStatusUpdate(place, toTaskStatus(toStatusTold(event, place)), wishes.hints ? toStatusMetadata(event, place) : undefined);
      case 'text':
        if (!isShown(event.lane, wishes)) return undefined;
        return toArtifactUpdate(event, place, wishes, {
          artifact: toTextArtifact(event.lane, event.delta),
          append: !event.isFirst,
        });
      case 'rewrite':
        if (!isShown(event.lane, wishes)) return undefined;
        return toArtifactUpdate(event, place, wishes, { artifact: toTextArtifact(event.lane, event.lane.text), append: false });
      case 'tool':
        return toArtifactUpdate(event, place, wishes, { artifact: toToolArtifact(event.lane, place, wishes), append: false });
    }
  },
};

function isShown({ kind }: Pick<Lane, 'kind'>, { hints }: Wishes): boolean {
  return kind !== 'reasoning' || hints;
}

function inOrder(lanes: readonly Lane[]): Lane[] {
  const rank = { text: 0, tool: 1, reasoning: 2 };
  return [...lanes].sort((left, right) => rank[left.kind] - rank[right.kind]);
}

function toArtifact(lane: Lane, place: TaskPlace, wishes: Wishes): Artifact {
  return lane.kind === 'tool' ? toToolArtifact(lane, place, wishes) : toTextArtifact(lane, lane.text);
}

function toTextArtifact({ id, kind }: Pick<TextLane, 'id' | 'kind'>, text: string): Artifact {
  return {
    artifactId: id,
    name: kind === 'text' ? 'answer' : 'reasoning',
    description: '',
    parts: [textPart(text)],
    metadata: undefined,
    extensions: [],
  };
}

/** What the tool did; before it the file that it wrote. */
function toToolArtifact({ id, part }: ToolLane, place: TaskPlace, wishes: Wishes): Artifact {
  const data = toToolData(part);
  const shown: Part = wishes.takesData ? dataPart(data) : textPart(JSON.stringify(data));
  const file = toWrittenPart(part, place, wishes);
  const parts = file === undefined ? [shown] : [file, shown];
  return { artifactId: id, name: `tool:${part.tool}`, description: '', parts, metadata: undefined, extensions: [] };
}

/** A file as its value for who wants that, else its address. */
function toWrittenPart(part: ToolPart, { sessionId, directory }: TaskPlace, { wantsJson, filesAt }: Wishes): Part | undefined {
  const value = wantsJson ? toJsonFilePart(part, directory) : undefined;
  if (value !== undefined) return value;
  const path = writtenPathOf(part, directory);
  return path === undefined || filesAt === undefined ? undefined : toFilePart(fileUrlOf(filesAt, sessionId, path), path);
}

function toArtifactUpdate(
  event: Exclude<TaskEvent, { type: 'status' }>,
  { id: taskId, contextId }: TaskPlace,
  { hints }: Wishes,
  { artifact, append }: { readonly artifact: Artifact; readonly append: boolean },
): StreamResponse {
  const { kind, messageId } = event.lane;
  const chunk = { blockType: kind === 'tool' ? 'tool_call' : kind, source: sourceOf(event), messageId } as const;
  const metadata = hints ? { shared: { stream: toChunkMetadata({ taskId, contextId, sequence: event.sequence }, chunk) } } : undefined;
  return { payload: { $case: 'artifactUpdate', value: { taskId, contextId, artifact, append, lastChunk: false, metadata } } };
}
