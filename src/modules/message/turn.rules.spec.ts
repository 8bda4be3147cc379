import { messageInfo } from '../../../test/fixtures/message-info.js';
import type { EventBody, GatewayEvent, TurnState } from '../event/event.model.js';
import type { Message, MessageInfo, ToolPart } from './message.model.js';
import { Turn } from './turn.js';
import { judgeAnswer, judgeIdle } from './turn.verdict.js';

const ANSWER = messageInfo({ id: 'msg_2', parentId: 'msg_1' });

const TOOL: ToolPart = {
  type: 'tool',
  id: 'prt_1',
  messageId: 'msg_2',
  sessionId: 'ses_1',
  callId: 'call_1',
  tool: 'bash',
  title: undefined,
  status: 'error',
  input: {},
  output: undefined,
  error: 'The user rejected permission to use this specific tool call.',
  metadata: {},
  startedAtMs: 1,
  finishedAtMs: 2,
};

function failure(name: string): { failure: { name: string; message: string } } {
  return { failure: { name, message: 'it broke' } };
}

function at(sessionId: string, body: EventBody): GatewayEvent {
  return { directory: '/w', sessionId, eventId: '', sequence: undefined, ...body };
}

function answered(change: Partial<MessageInfo>): GatewayEvent {
  return at('ses_1', { type: 'message_updated', message: { ...ANSWER, ...change } });
}

function asked(id: string, createdAtMs: number): GatewayEvent {
  return answered({ id, role: 'user', parentId: undefined, createdAtMs });
}

const idle = at('ses_1', { type: 'session_status', status: { type: 'idle' } });
const busy = at('ses_1', { type: 'session_status', status: { type: 'busy' } });

function admitted(states: TurnState[] = []): Turn {
  const turn = new Turn({ id: 'msg_1', sessionId: 'ses_1', directory: '/w', requestId: '', kind: 'prompt' }, ({ state }) =>
    states.push(state),
  );
  turn.admit(Date.now());
  return turn;
}

describe('judgeAnswer', () => {
  it.each([
    ['a completed answer that stopped', { completedAtMs: 2, finish: 'stop' }, 'completed'],
    ['a completed answer at the length limit', { completedAtMs: 2, finish: 'length' }, 'completed'],
    ['a completed answer that was filtered', { completedAtMs: 2, finish: 'content-filter' }, 'completed'],
    ['an aborted answer', { completedAtMs: 2, ...failure('MessageAbortedError') }, 'aborted'],
    ['a failed answer', { completedAtMs: 2, ...failure('APIError') }, 'failed'],
    ['a failed answer without its time', failure('UnknownError'), 'failed'],
  ] as const)('ends a turn with %s', (_, change, state) => {
    expect(judgeAnswer({ ...ANSWER, ...change })).toMatchObject({ state });
  });

  it.each([
    ['a step that calls tools', { completedAtMs: 2, finish: 'tool-calls' }],
    ['a step that stopped for unknown reasons', { completedAtMs: 2, finish: 'unknown' }],
    ['an answer whose time is not told yet', { finish: 'stop' }],
    ['an answer without a reason', { completedAtMs: 2 }],
    ['an overflow, which OpenCode compacts away', { completedAtMs: 2, ...failure('ContextOverflowError') }],
  ])('lets a turn go on after %s', (_, change) => {
    expect(judgeAnswer({ ...ANSWER, ...change })).toBeUndefined();
  });
});

describe('judgeIdle', () => {
  const history = (change: Partial<MessageInfo>, parts: Message['parts'] = []): Message => ({ info: { ...ANSWER, ...change }, parts });

  it.each([
    ['completed', 'a finished answer', history({ completedAtMs: 2, finish: 'stop' })],
    ['failed', 'an overflow that nothing followed', history({ completedAtMs: 2, ...failure('ContextOverflowError') })],
    ['rejected', 'a rejected tool', history({ completedAtMs: 2, finish: 'tool-calls' }, [TOOL])],
    [
      'rejected',
      'a dismissed question',
      history({ completedAtMs: 2, finish: 'tool-calls' }, [{ ...TOOL, error: 'The user dismissed this question' }]),
    ],
    ['aborted', 'an answer that was completed without a word', history({ completedAtMs: 2 })],
    ['interrupted', 'an answer that never ended', history({})],
    ['interrupted', 'a step whose tools were called and not rejected', history({ completedAtMs: 2, finish: 'tool-calls' })],
    [
      'interrupted',
      'a tool that speaks of rejection in its result',
      history({ completedAtMs: 2, finish: 'tool-calls' }, [{ ...TOOL, status: 'success', error: undefined, output: 'rejected' }]),
    ],
  ])('says %s of %s', (state, _, message) => {
    expect(judgeIdle(message)).toMatchObject({ state });
  });

  it('names the failure of a turn that OpenCode left in the middle', () => {
    expect(judgeIdle(history({})).failure).toMatchObject({ name: 'TurnInterrupted' });
  });
});

describe('Turn', () => {
  it('is deaf while it waits in the queue', () => {
    const turn = new Turn({ id: 'msg_1', sessionId: 'ses_1', directory: '/w', requestId: '', kind: 'prompt' }, () => undefined);

    const result = [busy, answered({ completedAtMs: 2, finish: 'stop' }), idle].map((event) => turn.observe(event, 5));

    expect(result).toEqual([false, false, false]);
    expect(turn.state).toBe('queued');
  });

  it('ignores answers to earlier prompts', () => {
    const turn = admitted();

    turn.observe(answered({ id: 'msg_9', parentId: 'msg_0', completedAtMs: 2, finish: 'stop' }), 5);
    turn.observe(idle, 6);

    expect(turn.state).toBe('admitted');
  });

  it('takes an answer whose id is less than its own', () => {
    const turn = admitted();

    turn.observe(answered({ id: 'msg_0', completedAtMs: 2, finish: 'stop' }), 5);
    turn.observe(idle, 6);

    expect(turn.toUpdate()).toMatchObject({ state: 'completed', messageId: 'msg_0' });
  });

  it('takes the answer to what OpenCode asked itself inside the turn', () => {
    const turn = admitted();
    turn.observe(asked('msg_1', 10), 5);
    const isUnclear = turn.observe(asked('msg_0', 11), 6);
    turn.continueWith(['msg_0']);

    turn.observe(answered({ id: 'msg_3', parentId: 'msg_0', completedAtMs: 12, finish: 'stop' }), 7);
    turn.observe(idle, 8);

    expect(isUnclear).toBe(true);
    expect(turn.toUpdate()).toMatchObject({ state: 'completed', messageId: 'msg_3' });
  });

  it('does not take a late word on an earlier prompt for one of its own', () => {
    const turn = admitted();
    turn.observe(asked('msg_0', 9), 4);
    turn.observe(asked('msg_1', 10), 5);
    turn.observe(asked('msg_0', 9), 6);

    turn.observe(answered({ id: 'msg_3', parentId: 'msg_0', completedAtMs: 12, finish: 'stop' }), 7);
    turn.observe(idle, 8);

    expect(turn.isEnded).toBe(false);
  });

  it('goes on from what the records tell of it', () => {
    const turn = new Turn({ id: 'msg_1', sessionId: 'ses_1', directory: '/w', requestId: '', kind: 'prompt' }, () => undefined);

    turn.resume({ createdAtMs: 10, continuationIds: ['msg_2'], answer: undefined }, 20);
    turn.observe(answered({ id: 'msg_3', parentId: 'msg_2', completedAtMs: 12, finish: 'stop' }), 21);
    turn.observe(idle, 22);

    expect(turn.toUpdate()).toMatchObject({ state: 'completed', messageId: 'msg_3' });
  });

  it.each([
    ['that it saw', undefined],
    ['that the records told', { ...ANSWER, ...failure('APIError') }],
  ])('ends with the last word %s when another turn begins behind it', (_, answer) => {
    const turn = new Turn({ id: 'msg_1', sessionId: 'ses_1', directory: '/w', requestId: '', kind: 'prompt' }, () => undefined);
    turn.resume({ createdAtMs: 10, continuationIds: [], answer }, 20);
    if (answer === undefined) turn.observe(answered(failure('APIError')), 21);

    turn.observe(asked('msg_3', 30), 22);
    turn.observe(answered({ id: 'msg_4', parentId: 'msg_3', completedAtMs: 32, finish: 'stop' }), 23);
    turn.observe(idle, 24);

    expect(turn.toUpdate()).toMatchObject({ state: 'failed', failure: { name: 'APIError' } });
  });

  it('is taken once OpenCode stored its message', async () => {
    const turn = admitted();

    turn.observe(asked('msg_1', 10), 5);

    await expect(turn.taken).resolves.toBeUndefined();
    expect(turn.state).toBe('admitted');
  });

  it('ignores the summary a compaction writes', () => {
    const turn = admitted();

    turn.observe(answered({ isSummary: true, completedAtMs: 2, finish: 'stop' }), 5);
    turn.observe(idle, 6);

    expect(turn.isEnded).toBe(false);
  });

  it('ignores the end of a sub-agent', () => {
    const turn = admitted();

    turn.observe(at('ses_2', { type: 'message_updated', message: { ...ANSWER, sessionId: 'ses_2', completedAtMs: 2, finish: 'stop' } }), 5);
    turn.observe({ ...idle, sessionId: 'ses_2' }, 6);

    expect(turn.state).toBe('admitted');
  });

  it('waits for what a sub-agent asks', () => {
    const turn = admitted();
    const question = { id: 'que_1', sessionId: 'ses_2', items: [] };

    turn.observe(at('ses_2', { type: 'question_asked', question }), 5);

    expect(turn.state).toBe('waiting');
  });

  it('waits until the last of several requests is answered', () => {
    const states: TurnState[] = [];
    const turn = admitted(states);
    for (const id of ['que_1', 'que_2'])
      turn.observe(at('ses_1', { type: 'question_asked', question: { id, sessionId: 'ses_1', items: [] } }), 5);

    turn.observe(at('ses_1', { type: 'question_closed', questionId: 'que_1', rejected: false }), 6);
    const stillWaits = turn.state;
    turn.observe(at('ses_1', { type: 'question_closed', questionId: 'que_2', rejected: false }), 7);

    expect(stillWaits).toBe('waiting');
    expect(states).toEqual(['admitted', 'waiting', 'running']);
  });

  it('takes back its judgement when another step follows', () => {
    const turn = admitted();
    turn.observe(answered({ completedAtMs: 2, finish: 'stop' }), 5);

    turn.observe(answered({ id: 'msg_3' }), 6);
    turn.observe(idle, 7);

    expect(turn.isEnded).toBe(false);
  });

  it('is not ended by an error of the session, but remembers it and asks for the records', () => {
    const turn = admitted();

    const lookUp = turn.observe(at('ses_1', { type: 'session_failed', ...failure('UnknownError') }), 5);

    expect(lookUp).toBe(true);
    expect(turn).toMatchObject({ state: 'admitted', lastFailure: { name: 'UnknownError' } });
  });

  it('ends as aborted when its session is deleted', () => {
    const turn = admitted();

    turn.observe(at('ses_1', { type: 'session_deleted' }), 5);

    expect(turn.toUpdate()).toMatchObject({ state: 'aborted', failure: { name: 'SessionDeleted' } });
  });

  it('ends once and stays as it ended', async () => {
    const states: TurnState[] = [];
    const turn = admitted(states);
    turn.end({ state: 'aborted', failure: undefined });

    turn.end({ state: 'completed', failure: undefined });
    turn.observe(busy, 9);

    await expect(turn.ended).resolves.toMatchObject({ state: 'aborted' });
    expect(states).toEqual(['admitted', 'aborted']);
  });

  it('notes when it heard something last', () => {
    const turn = admitted();

    turn.observe(busy, 1234);

    expect(turn.lastEventAtMs).toBe(1234);
  });
});
