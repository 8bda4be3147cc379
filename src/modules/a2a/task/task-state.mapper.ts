import type { TurnState } from '../../event/event.model.js';
import type { TaskState } from '../a2a.model.js';

/** A turn that OpenCode lost in the middle has failed, as far as its caller is concerned. */
export function toTaskState(state: TurnState): TaskState {
  switch (state) {
    case 'queued':
      return 'submitted';
    case 'admitted':
    case 'running':
      return 'working';
    case 'waiting':
      return 'input_required';
    case 'completed':
      return 'completed';
    case 'aborted':
      return 'canceled';
    case 'rejected':
      return 'rejected';
    case 'failed':
    case 'interrupted':
      return 'failed';
  }
}
