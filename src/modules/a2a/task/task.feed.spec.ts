import { messageInfo } from '../../../../test/fixtures/message-info.js';
import type { EventBody, GatewayEvent, TurnState } from '../../event/event.model.js';
import type { MessageInfo } from '../../message/message.model.js';
import type { Permission } from '../../permission/permission.model.js';
import type { TaskEvent } from '../a2a.model.js';
import { TaskFeed, type TaskKeeper } from './task.feed.js';
import { toTaskRef } from './task-id.js';

const never = new AbortController().signal;
const ref = toTaskRef('ses_1', 'msg_turn');

function event(body: EventBody, sessionId = 'ses_1'): GatewayEvent {
  return { directory: '/', sessionId, eventId: '', sequence: undefined, ...body };
}

function turn(state: TurnState, turnId = 'msg_turn'): GatewayEvent {
  return event({
    type: 'turn_updated',
    turn: { turnId, state, requestId: '', messageId: undefined, finish: undefined, failure: undefined },
  });
}

function message(id: string, more: Partial<MessageInfo> = {}): GatewayEvent {
  return event({ type: 'message_updated', message: messageInfo({ id, parentId: 'msg_turn', createdAtMs: 10, ...more }) });
}

function text(value: string, messageId = 'msg_a', id = `prt_${messageId}`): GatewayEvent {
  return event({ type: 'part_updated', part: { type: 'text', id, messageId, sessionId: 'ses_1', text: value, ended: false } });
}

function asked(id: string, sessionId = 'ses_1'): GatewayEvent {
  const permission: Permission = {
    id,
    sessionId,
    type: 'bash',
    patterns: [],
    metadata: {},
    messageId: undefined,
    callId: undefined,
    seenAtMs: 1,
  };
  return event({ type: 'permission_asked', permission }, sessionId);
}

const replied = (permissionId: string): GatewayEvent => event({ type: 'permission_replied', permissionId, reply: 'once' });

function statesIn(events: readonly TaskEvent[] | undefined): string[] {
  return (events ?? []).flatMap((told) => (told.type === 'status' ? [told.state] : []));
}

describe('TaskFeed', () => {
  let feed: TaskFeed;
  let keeper: jest.Mocked<TaskKeeper>;

  const observe = (...events: GatewayEvent[]): void => events.forEach((each) => feed.observe(each));
  const texts = (): string[] => feed.view.lanes.flatMap((lane) => (lane.kind === 'text' ? [lane.text] : []));

  beforeEach(() => {
    keeper = { settle: jest.fn(), onEnd: jest.fn(), onAsk: jest.fn(), onResolution: jest.fn() };
    feed = new TaskFeed({ ref, contextId: 'ctx', sessionTitle: 'test', directory: '/work', said: [], createdAtMs: 1 }, keeper);
  });

  it('keeps the first terminal state, whatever comes later', () => {
    observe(turn('running'), message('msg_a'), text('half'));
    feed.end('canceled');
    const { view } = feed;

    feed.end('completed');
    observe(turn('completed'), text('half and the rest'), asked('per_1'));

    expect(feed.view).toEqual(view);
    expect(statesIn(feed.since(0))).toEqual(['working', 'canceled']);
    expect(keeper.onEnd).toHaveBeenCalledTimes(1);
    expect(keeper.settle).not.toHaveBeenCalled();
  });

  it('leaves it to its keeper which end counts', () => {
    observe(turn('running'), turn('completed'));

    expect(feed.state).toBe('working');
    expect(keeper.settle).toHaveBeenCalledWith('completed', undefined);
  });

  it('hears of its own turn alone', () => {
    observe(turn('running', 'msg_other'), turn('completed', 'msg_other'));
    observe(message('msg_b', { parentId: 'msg_other' }), text('of another turn', 'msg_b'));

    expect(feed.state).toBe('submitted');
    expect(feed.sequence).toBe(0);
    expect(keeper.settle).not.toHaveBeenCalled();
  });

  it('takes what OpenCode asks itself inside the turn for its own, but no summary and nothing of earlier turns', () => {
    observe(message('msg_turn', { role: 'user', createdAtMs: 5 }), turn('running'));
    observe(message('msg_old', { role: 'user', createdAtMs: 4 }), message('msg_inner', { role: 'user', createdAtMs: 6 }));
    observe(message('msg_a'), text('first'));
    observe(message('msg_b', { parentId: 'msg_inner' }), text('goes on', 'msg_b'));
    observe(message('msg_c', { parentId: 'msg_old' }), text('of old', 'msg_c'));
    observe(message('msg_d', { parentId: 'msg_inner', isSummary: true }), text('summary', 'msg_d'));

    expect(texts()).toEqual(['first', 'goes on']);
  });

  it('shows what is asked until the last ask is closed, also of sub-agents', () => {
    observe(turn('running'), asked('per_1'), asked('per_2', 'ses_child'), asked('per_1'), turn('waiting'));
    expect(feed.view.asks.map(({ id }) => id)).toEqual(['per_1', 'per_2']);

    observe(replied('per_1'), replied('per_1'), turn('running'));
    expect(feed.state).toBe('input_required');

    observe(replied('per_2'));
    expect(statesIn(feed.since(0))).toEqual(['working', 'input_required', 'input_required', 'input_required', 'working']);
    expect(feed.view.asks).toEqual([]);
  });

  it('does not take what an earlier turn asks for its own while it waits in line', () => {
    observe(asked('per_1'), replied('per_1'));

    expect(feed.view).toMatchObject({ state: 'submitted', asks: [], sequence: 0 });
  });

  it('says that a text was told otherwise than it became', () => {
    observe(turn('running'), message('msg_a'), text('draft'));
    expect(feed.view.wasRewritten).toBe(false);

    observe(text('final'));

    expect(feed.view.wasRewritten).toBe(true);
    expect(texts()).toEqual(['final']);
    expect(feed.since(2)).toMatchObject([{ type: 'rewrite', lane: { text: 'final' } }]);
  });

  it('empties a text that is taken back', () => {
    observe(turn('running'), message('msg_a'), text('half'));

    observe(event({ type: 'part_removed', messageId: 'msg_a', partId: 'prt_msg_a' }));

    expect(texts()).toEqual([]);
    expect(feed.view.wasRewritten).toBe(true);
  });

  it('ends with its session', () => {
    observe(turn('running'), event({ type: 'session_deleted' }, 'ses_child'));
    expect(keeper.settle).not.toHaveBeenCalled();

    observe(event({ type: 'session_deleted' }));

    expect(keeper.settle).toHaveBeenCalledWith('canceled', undefined);
  });

  it('wakes who waits for anything, and for a change of state only at one', async () => {
    const woken: string[] = [];
    observe(turn('running'), message('msg_a'));
    const change = feed.untilChanged(feed.sequence, never).then(() => woken.push('change'));
    const state = feed.untilStateChanged(feed.statusSequence, never).then(() => woken.push('state'));

    observe(text('x'));
    await change;
    expect(woken).toEqual(['change']);

    observe(asked('per_1'));
    await state;
    expect(woken).toEqual(['change', 'state']);
  });

  it('lets go of who leaves', async () => {
    const leave = new AbortController();
    const waiting = feed.untilChanged(0, leave.signal);
    leave.abort();

    await expect(waiting).resolves.toBeUndefined();
    await expect(feed.untilChanged(0, leave.signal)).resolves.toBeUndefined();
  });

  it('does not know positions that it never gave', () => {
    observe(turn('running'));

    expect(feed.since(99)).toBeUndefined();
  });

  it('tells what it has before it says that it was broken off', async () => {
    observe(turn('running'));
    const waiting = feed.untilChanged(1, never);

    feed.break(new Error('the gateway stops'));

    await waiting;
    expect(statesIn(feed.since(0))).toEqual(['working']);
    expect(() => feed.since(1)).toThrow('the gateway stops');
    expect(() => feed.requireWhole()).toThrow('the gateway stops');
    expect(feed).toMatchObject({ isOver: true, isTerminal: false });
  });

  it('is whole once it has ended, though it breaks later', () => {
    feed.end('completed', undefined, 42);
    feed.break(new Error('late'));

    expect(() => feed.requireWhole()).not.toThrow();
    expect(feed.view).toMatchObject({ state: 'completed', changedAtMs: 42 });
    expect(feed.since(1)).toEqual([]);
  });
});
