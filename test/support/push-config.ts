import type { PushConfig } from '../../src/modules/a2a/task.store.js';

/** A push configuration as callers make them. */
export function pushConfig(given: Partial<PushConfig> = {}): PushConfig {
  return {
    taskId: 'ses_1.msg_1',
    id: 'c1',
    url: 'https://hooks.example.org/a',
    token: 'tell-me-apart',
    authentication: { scheme: 'Bearer', credentials: 'open-sesame' },
    version: '1.0',
    ownerId: 'alice',
    ...given,
  };
}
