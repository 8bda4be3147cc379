import { route, toRoute } from './opencode.route.js';

describe('the route of a call to OpenCode', () => {
  it('leaves the ids out of its template, and encodes them in its path', () => {
    expect(route`/session/${'ses_1'}/message/${'a/b c'}`).toEqual({
      path: '/session/ses_1/message/a%2Fb%20c',
      template: '/session/{id}/message/{id}',
    });
  });

  it('is its own template where it has no ids', () => {
    expect(toRoute('/session/status')).toEqual({ path: '/session/status', template: '/session/status' });
  });

  it('stays what it is', () => {
    const made = route`/auth/${'p'}`;

    expect(toRoute(made)).toBe(made);
  });
});
