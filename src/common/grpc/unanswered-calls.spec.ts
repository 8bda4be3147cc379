import { UnansweredCalls } from './unanswered-calls.js';

describe('unanswered calls', () => {
  it('are answered by whoever has the answer', () => {
    const calls = new UnansweredCalls();
    const callback = jest.fn();

    calls.add(callback)(null, 'answer');

    expect(callback.mock.calls).toEqual([[null, 'answer']]);
    expect(calls.refuseAll()).toBe(0);
  });

  it('are refused once, and not answered afterwards', () => {
    const calls = new UnansweredCalls();
    const callback = jest.fn();
    const answer = calls.add(callback);

    const refused = [calls.refuseAll(), calls.refuseAll()];
    answer(null, 'too late');

    expect(refused).toEqual([1, 0]);
    expect(callback.mock.calls).toEqual([[expect.objectContaining({ code: 14, details: 'The gateway is shutting down' })]]);
  });
});
