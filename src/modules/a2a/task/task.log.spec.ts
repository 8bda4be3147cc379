import type { TaskEvent, TaskStatusEvent, TaskTextEvent } from '../a2a.model.js';
import { TaskLog } from './task.log.js';

const text = (sequence: number, delta: string, more: Partial<TaskTextEvent> & { laneId?: string } = {}): TaskEvent => {
  const { laneId = 'prt_1', ...rest } = more;
  const lane = { kind: 'text', id: laneId, messageId: 'msg_1' } as const;
  return { type: 'text', lane, delta, isFirst: false, isFirstOutput: false, ...rest, sequence, atMs: sequence };
};
const status = (sequence: number, state: TaskStatusEvent['state'] = 'working'): TaskEvent => ({
  type: 'status',
  state,
  sequence,
  atMs: sequence,
});

function logOf(...events: TaskEvent[]): TaskLog {
  const log = new TaskLog();
  for (const event of events) log.push(event);
  return log;
}

describe('TaskLog', () => {
  it('tells what followed a sequence, and nothing to who has all', () => {
    const log = logOf(status(1), text(2, 'a'), status(3, 'completed'));

    expect(log.since(0)?.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(log.since(2)).toEqual([status(3, 'completed')]);
    expect(log.since(3)).toEqual([]);
    expect(new TaskLog().since(0)).toEqual([]);
  });

  it('tells neighbouring pieces of one text as one, with what its first piece alone says', () => {
    const log = logOf(text(1, 'a', { isFirst: true, isFirstOutput: true }), text(2, 'b'), text(3, 'c'));

    expect(log.since(0)).toEqual([text(3, 'abc', { isFirst: true, isFirstOutput: true })]);
    expect(log.since(1)).toEqual([text(3, 'bc')]);
  });

  it('joins no texts of two lanes, and none over what stands between them', () => {
    const log = logOf(text(1, 'a'), text(2, 'b', { laneId: 'prt_2' }), text(3, 'c', { laneId: 'prt_2' }), status(4), text(5, 'd'));

    expect(log.since(0)).toEqual([text(1, 'a'), text(3, 'bc', { laneId: 'prt_2' }), status(4), text(5, 'd')]);
  });

  it('keeps the newest 4,096 events, and says of what is older that it does not know', () => {
    const log = new TaskLog();
    for (let sequence = 1; sequence <= 10_000; sequence += 1) log.push(status(sequence));

    expect(log.since(5_903)).toBeUndefined();
    expect(log.since(5_904)).toHaveLength(4_096);
    expect(log.since(5_904)?.[0]).toEqual(status(5_905));
    expect(log.since(9_999)).toEqual([status(10_000)]);
  });

  it('keeps no more than a million characters', () => {
    const piece = 'x'.repeat(1024);
    const log = new TaskLog();
    for (let sequence = 1; sequence <= 2_000; sequence += 1) log.push(text(sequence, piece));

    expect(log.since(975)).toBeUndefined();
    expect(log.since(976)).toEqual([text(2_000, piece.repeat(1_024))]);
  });

  it('does not know one thing that alone is too large, and goes on behind it', () => {
    const lane = { kind: 'text', id: 'prt_1', messageId: 'msg_1', text: 'x'.repeat(2 * 1024 * 1024) } as const;
    const log = logOf(status(1), { type: 'rewrite', lane, sequence: 2, atMs: 2 });

    expect(log.since(1)).toBeUndefined();
    log.push(status(3));
    expect(log.since(1)).toBeUndefined();
    expect(log.since(2)).toEqual([status(3)]);
  });
});
