import { readTranscript } from '../../../test/fixtures/transcripts/transcripts.js';
import { fromUpstreamFrame } from '../event/event.mapper.js';
import type { GatewayEvent, TurnState } from '../event/event.model.js';
import type { MessageInfo } from './message.model.js';
import { Turn } from './turn.js';
import type { FinalState } from './turn.verdict.js';

function isEvent(content: ReturnType<typeof fromUpstreamFrame>): content is GatewayEvent {
  return content !== undefined && content.type !== 'text_growth' && content.type !== 'unseen';
}

function eventsOf(transcript: string): GatewayEvent[] {
  return readTranscript(transcript)
    .map((frame) => fromUpstreamFrame(frame, 0))
    .filter(isEvent);
}

function promptOf(events: readonly GatewayEvent[]): MessageInfo {
  const found = events.find((event) => event.type === 'message_updated' && event.message.role === 'user');
  if (found?.type !== 'message_updated') throw new Error('the transcript holds no prompt');
  return found.message;
}

interface Played {
  readonly turn: Turn;
  readonly states: TurnState[];
  /** Index of the event after which the turn had ended. */
  readonly endedAt: number;
  /** Indexes of the events after which the records are to be consulted. */
  readonly lookUps: number[];
}

function play(events: readonly GatewayEvent[]): Played {
  const prompt = promptOf(events);
  const states: TurnState[] = [];
  const turn = new Turn(
    { id: prompt.id, sessionId: prompt.sessionId, directory: '/workspace/project', requestId: 'req', kind: 'prompt' },
    ({ state }) => states.push(state),
  );
  turn.admit(Date.now());
  const lookUps: number[] = [];
  let endedAt = -1;
  events.forEach((event, index) => {
    if (turn.observe(event, index)) lookUps.push(index);
    if (endedAt === -1 && turn.isEnded) endedAt = index;
  });
  return { turn, states, endedAt, lookUps };
}

function lastAnswerIndex(events: readonly GatewayEvent[], sessionId: string): number {
  return events.findLastIndex(
    (event) => event.type === 'message_updated' && event.message.role === 'assistant' && event.sessionId === sessionId,
  );
}

const ENDED_BY_EVENTS: readonly (readonly [string, FinalState])[] = [
  ['01-plain-text', 'completed'],
  ['02-reasoning-text', 'completed'],
  ['03-tool-permission-once', 'completed'],
  ['05-abort-mid-stream', 'aborted'],
  ['06-provider-error', 'failed'],
  ['extra/invalid-tool', 'completed'],
  ['extra/malformed-tool-args', 'completed'],
  ['extra/permission-reject-with-message', 'completed'],
  ['extra/provider-429-two-retries', 'completed'],
  ['extra/provider-500-two-retries', 'completed'],
  ['extra/provider-error-401', 'failed'],
  ['extra/question-replied', 'completed'],
  ['extra/subagent-task', 'completed'],
  ['extra/todowrite', 'completed'],
  ['extra/tool-read-edit', 'completed'],
  ['extra/tool-write', 'completed'],
];

const LEFT_TO_THE_RECORDS = ['04-permission-reject', 'extra/external-directory-reject', 'extra/question-rejected'] as const;

describe('Turn fed with recorded turns', () => {
  it.each(ENDED_BY_EVENTS)('ends %s as %s', (transcript, state) => {
    const events = eventsOf(transcript);

    const { turn, states } = play(events);

    expect(turn.state).toBe(state);
    expect(states.filter((each) => each === state)).toHaveLength(1);
  });

  it.each(ENDED_BY_EVENTS)('does not end %s before its last answer was told whole', (transcript) => {
    const events = eventsOf(transcript);

    const { turn, endedAt } = play(events);

    expect(endedAt).toBeGreaterThan(lastAnswerIndex(events, turn.sessionId));
  });

  it.each(ENDED_BY_EVENTS)('names the last answer of %s', (transcript) => {
    const events = eventsOf(transcript);
    const last = events[lastAnswerIndex(events, promptOf(events).sessionId)];

    const { turn } = play(events);

    expect(last).toMatchObject({ message: { id: turn.toUpdate().messageId } });
  });

  it.each(LEFT_TO_THE_RECORDS)('asks for the records at the end of %s instead of ending it', (transcript) => {
    const events = eventsOf(transcript);

    const { turn, lookUps } = play(events);

    expect(turn.isEnded).toBe(false);
    expect(lookUps.at(-1)).toBeGreaterThan(lastAnswerIndex(events, turn.sessionId));
  });

  it('asks for the records at the early idle of an abort, in case nothing follows it', () => {
    const events = eventsOf('05-abort-mid-stream');

    const { lookUps } = play(events);

    const firstIdle = events.findIndex((event) => event.type === 'session_status' && event.status.type === 'idle');
    expect(lookUps).toContain(firstIdle);
  });

  it('waits while a permission is asked and goes on when it is granted', () => {
    const { states } = play(eventsOf('03-tool-permission-once'));

    expect(states).toEqual(['admitted', 'running', 'waiting', 'running', 'completed']);
  });

  it('waits while a question is asked and goes on when it is answered', () => {
    const { states } = play(eventsOf('extra/question-replied'));

    expect(states).toEqual(['admitted', 'running', 'waiting', 'running', 'completed']);
  });

  it('tells the failure of the provider', () => {
    const { turn } = play(eventsOf('06-provider-error'));

    expect(turn.toUpdate().failure).toEqual({ name: 'APIError', message: 'The provider refused the request (HTTP 400)', status: 400 });
  });

  it('tells the reason the model stopped', () => {
    const { turn } = play(eventsOf('01-plain-text'));

    expect(turn.toUpdate().finish).toBe('stop');
  });

  it('gives its end to those who wait for it', async () => {
    const { turn } = play(eventsOf('01-plain-text'));

    await expect(turn.ended).resolves.toMatchObject({ turnId: turn.id, state: 'completed', requestId: 'req' });
  });
});
