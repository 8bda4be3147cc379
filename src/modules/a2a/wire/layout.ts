import type { StreamResponse, Task } from '@a2a-js/sdk';
import type { TaskEvent, TaskView } from '../a2a.model.js';

/** What a caller wants to see of tasks. */
export interface Wishes {
  /** Takes structured data; else it is shown as JSON text. */
  readonly takesData: boolean;
  /** Names JSON among what it takes: a JSON file comes as its value. */
  readonly wantsJson: boolean;
  /** Gets the predecessor's metadata, and thoughts as they come. */
  readonly hints: boolean;
  /** Base URL at which callers read files; undefined: nowhere. */
  readonly filesAt: string | undefined;
}

/** How tasks look in one version of the protocol. Pure. */
export interface Layout {
  toTask(view: TaskView, wishes: Wishes): Task;
  /** Undefined for what this caller is not told. */
  toStreamResponse(event: TaskEvent, view: TaskPlace, wishes: Wishes): StreamResponse | undefined;
}

/** What every event of a task repeats. */
export type TaskPlace = Pick<TaskView, 'id' | 'contextId' | 'sessionId' | 'sessionTitle' | 'directory'>;
