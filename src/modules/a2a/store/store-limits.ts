import { GatewayError } from '../../../common/errors/gateway-error.js';
import { MAX_PUSH_CONFIGS_PER_TASK, MAX_PUSH_TASKS } from '../task.store.js';

/**
 * How long conveniences are kept: notes, terminal states, and configurations whose work is done.
 *
 * A week outlasts the client that comes back after a weekend. Later, OpenCode's own records tell what is left to tell.
 */
export const KEPT_FOR_MS = 7 * 24 * 60 * 60_000;

export function tooManyPushConfigs(): GatewayError {
  return new GatewayError('RESOURCE_EXHAUSTED', `a task has at most ${MAX_PUSH_CONFIGS_PER_TASK} push configurations`, {
    reason: 'TOO_MANY_PUSH_CONFIGS',
  });
}

export function tooManyPushTasks(): GatewayError {
  return new GatewayError('RESOURCE_EXHAUSTED', `at most ${MAX_PUSH_TASKS} tasks have push notifications under way`, {
    reason: 'TOO_MANY_PUSH_TASKS',
  });
}
