import { toRoute } from './opencode.route.js';

describe('the route of a call to OpenCode', () => {
  it.each([
    ['/session', '/session'],
    ['/session/status', '/session/status'],
    ['/session/ses_1', '/session/{id}'],
    ['/session/ses_1/message/msg_1', '/session/{id}/message/{id}'],
    ['/session/ses_1/prompt_async', '/session/{id}/prompt_async'],
    ['/permission/per_1/reply', '/permission/{id}/reply'],
    ['/auth/my%20provider', '/auth/{id}'],
    ['/api/fs/read/src/secret.txt', '/api/fs/read/*'],
    ['/experimental/session', '/experimental/session'],
  ])('%s is %s', (path, route) => {
    expect(toRoute(path)).toBe(route);
  });
});
