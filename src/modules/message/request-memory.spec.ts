import { RequestMemory } from './request-memory.js';

function counting(): { memory: RequestMemory<number>; begin: jest.Mock<number, []> } {
  let count = 0;
  return { memory: new RequestMemory<number>(), begin: jest.fn(() => (count += 1)) };
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('RequestMemory', () => {
  it('gives what was begun under the same id and body', () => {
    const { memory, begin } = counting();

    const values = [1, 2].map(() => memory.getOrBegin('ses_1', 'req', { text: 'Hi' }, begin));

    expect(values).toEqual([1, 1]);
    expect(begin).toHaveBeenCalledTimes(1);
  });

  it('refuses the same id with another body', () => {
    const { memory, begin } = counting();
    memory.getOrBegin('ses_1', 'req', { text: 'Hi' }, begin);

    expect(() => memory.getOrBegin('ses_1', 'req', { text: 'Ho' }, begin)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', violations: [expect.objectContaining({ field: 'request_id' })] }) as Error,
    );
  });

  it('keeps the ids of different sessions apart', () => {
    const { memory, begin } = counting();

    const values = ['ses_1', 'ses_2'].map((scope) => memory.getOrBegin(scope, 'req', {}, begin));

    expect(values).toEqual([1, 2]);
  });

  it('never remembers an empty id', () => {
    const { memory, begin } = counting();

    const values = [1, 2].map(() => memory.getOrBegin('ses_1', '', {}, begin));

    expect(values).toEqual([1, 2]);
  });

  it('remembers nothing of what could not be begun', () => {
    const { memory, begin } = counting();
    const refuse = (): number => {
      throw new Error('queue is full');
    };
    expect(() => memory.getOrBegin('ses_1', 'req', {}, refuse)).toThrow('queue is full');

    expect(memory.getOrBegin('ses_1', 'req', {}, begin)).toBe(1);
  });

  it('begins anew under an id that it was told to forget, and under no other', () => {
    const { memory, begin } = counting();
    for (const id of ['req', 'other']) memory.getOrBegin('ses_1', id, {}, begin);

    memory.forget('ses_1', 'req');

    expect(['req', 'other'].map((id) => memory.getOrBegin('ses_1', id, {}, begin))).toEqual([3, 2]);
  });

  it('forgets after ten minutes', () => {
    const { memory, begin } = counting();
    memory.getOrBegin('ses_1', 'req', {}, begin);

    jest.advanceTimersByTime(10 * 60_000 - 1);
    const before = memory.getOrBegin('ses_1', 'req', {}, begin);
    jest.advanceTimersByTime(1);
    const after = memory.getOrBegin('ses_1', 'req', {}, begin);

    expect([before, after]).toEqual([1, 2]);
  });

  it('forgets the oldest when there are too many', () => {
    const { memory, begin } = counting();
    for (let index = 0; index < 1_000; index += 1) memory.getOrBegin('ses_1', `req${index}`, {}, () => 0);

    memory.getOrBegin('ses_1', 'one more', {}, () => 0);

    expect(memory.getOrBegin('ses_1', 'req999', {}, begin)).toBe(0);
    expect(memory.getOrBegin('ses_1', 'req0', {}, begin)).toBe(1);
  });
});
