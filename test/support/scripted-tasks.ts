import { once, EventEmitter } from 'node:events';
import { GatewayError } from '../../src/common/errors/gateway-error.js';
import { isTerminal, type Ask, type TaskState, type TaskView } from '../../src/modules/a2a/a2a.model.js';
import type { TaskSource } from '../../src/modules/a2a/push/task-source.js';

/** Tasks whose states a test writes; it knows how many follow each. */
export class ScriptedTasks implements TaskSource {
  followers = 0;
  private readonly views = new Map<string, TaskView[]>();
  private readonly changes = new EventEmitter().setMaxListeners(0);

  change(taskId: string, state: TaskState, askIds: readonly string[] = []): void {
    const views = this.views.get(taskId) ?? [];
    views.push(taskView(taskId, state, views.length + 1, askIds));
    this.views.set(taskId, views);
    this.changes.emit('change');
  }

  async *follow(taskId: string, signal: AbortSignal): AsyncIterable<TaskView> {
    const views = this.views.get(taskId);
    if (views === undefined) throw GatewayError.notFound('task', taskId);
    this.followers += 1;
    try {
      for (let next = views.length - 1; !signal.aborted;) {
        const view = views[next];
        if (view === undefined) await once(this.changes, 'change', { signal });
        else {
          next += 1;
          yield view;
          if (isTerminal(view.state)) return;
        }
      }
    } finally {
      this.followers -= 1;
    }
  }
}

function taskView(id: string, state: TaskState, sequence: number, askIds: readonly string[]): TaskView {
  const [sessionId = '', turnId = ''] = id.split('.');
  return {
    id,
    sessionId,
    turnId,
    contextId: 'ctx',
    state,
    sequence,
    statusSequence: sequence,
    changedAtMs: sequence,
    asks: askIds.map((askId) => ({ type: 'question', id: askId }) as Ask),
    failure: undefined,
    lanes: [],
    usage: undefined,
    sessionTitle: '',
    directory: '/work',
    said: [],
    wasRewritten: false,
  };
}
