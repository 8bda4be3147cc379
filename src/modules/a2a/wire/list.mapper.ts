import { Artifact, Task, type ListTasksRequest, type ListTasksResponse } from '@a2a-js/sdk';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { TaskQuery } from '../task/task.list.js';
import { fromTaskState } from './task-status.mapper.js';

/** @throws GatewayError INVALID_ARGUMENT naming the field */
export function toTaskQuery(request: ListTasksRequest): TaskQuery {
  const { contextId, status, pageSize, pageToken, historyLength, statusTimestampAfter } = request;
  if (historyLength !== undefined && historyLength < 0) throw GatewayError.invalid('historyLength', 'must not be negative');
  return { contextId, state: toState(status), changedSinceMs: toMs(statusTimestampAfter), pageSize, pageToken };
}

function toState(status: ListTasksRequest['status']): TaskQuery['state'] {
  // 0 is what protobuf has for nothing.
  if (Number(status) === 0) return undefined;
  const state = fromTaskState(status);
  if (state === undefined) throw GatewayError.invalid('status', 'is no state that tasks have here');
  return state;
}

function toMs(timestamp: string | undefined): number | undefined {
  if (timestamp === undefined || timestamp === '') return undefined;
  const ms = Date.parse(timestamp);
  if (Number.isNaN(ms)) throw GatewayError.invalid('statusTimestampAfter', 'must be a timestamp such as 2026-01-31T12:00:00Z');
  return ms;
}

/** The answer as JSON: every key is there, and artifacts where they were asked for. */
export function toListTasksJson(response: ListTasksResponse, { includeArtifacts }: Pick<ListTasksRequest, 'includeArtifacts'>): object {
  const { tasks, nextPageToken, pageSize, totalSize } = response;
  const shown = tasks.map((task) => ({
    ...(Task.toJSON(task) as object),
    ...(includeArtifacts === true && { artifacts: artifactsOf(task) }),
  }));
  return { tasks: shown, nextPageToken, pageSize, totalSize };
}

function artifactsOf({ artifacts }: Task): unknown[] {
  return artifacts.map((artifact) => Artifact.toJSON(artifact));
}
