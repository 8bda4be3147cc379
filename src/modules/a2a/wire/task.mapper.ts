import type { Task } from '@a2a-js/sdk';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { A2AVersion } from '../a2a.call.js';
import type { TaskView } from '../a2a.model.js';
import { lanesLayout } from './lanes.layout.mapper.js';
import type { Layout, Wishes } from './layout.js';
import { singleLayout } from './single.layout.mapper.js';

export const LAYOUTS: Readonly<Record<A2AVersion, Layout>> = { '0.3': singleLayout, '1.0': lanesLayout };

/** What a caller wants to see, in which version. */
export interface VersionedWishes extends Wishes {
  readonly version: A2AVersion;
}

export interface TaskExtent {
  /** How many of the newest messages; undefined: all. */
  readonly historyLength: number | undefined;
  readonly withArtifacts: boolean;
}

/** A task as an answer. @throws GatewayError INVALID_ARGUMENT for a negative history length */
export function toTaskAnswer(view: TaskView, wishes: VersionedWishes, { historyLength, withArtifacts }: TaskExtent): Task {
  if (historyLength !== undefined && historyLength < 0) throw GatewayError.invalid('historyLength', 'must not be negative');
  const task = LAYOUTS[wishes.version].toTask(view, wishes);
  const history = historyLength === undefined ? task.history : historyLength === 0 ? [] : task.history.slice(-historyLength);
  return { ...task, history, artifacts: withArtifacts ? task.artifacts : [] };
}
