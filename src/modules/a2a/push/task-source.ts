import type { A2AVersion } from '../a2a.call.js';
import type { TaskView } from '../a2a.model.js';

/** Injection token of the TaskSource. */
export const TASK_SOURCE = Symbol('TASK_SOURCE');

/** Tasks as they go on, whether or not anybody else looks. */
export interface TaskSource {
  /**
   * The present view, then one at each change of state; ends after a terminal one, and when the signal is aborted.
   *
   * @throws GatewayError NOT_FOUND when the task is gone
   */
  follow(taskId: string, signal: AbortSignal): AsyncIterable<TaskView>;
}

/** Injection token of the PushPayload. */
export const PUSH_PAYLOAD = Symbol('PUSH_PAYLOAD');

/** What receivers are told of a task, in the words of the version that they were registered with. */
export interface PushPayload {
  /** Something that JSON can hold: 1.0 has a StreamResponse with the task, 0.3 the Task itself. */
  bodyOf(view: TaskView, version: A2AVersion): Promise<unknown>;
}
