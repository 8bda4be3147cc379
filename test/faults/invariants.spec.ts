import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { GlobalEventSchema, TextPartSchema, TurnState } from '../../src/common/grpc/generated/event_pb.js';
import { CallError } from '../support/door.js';
import type { Outcome } from './caller.js';
import { violationsOf, type Evidence } from './invariants.js';
import type { Entry, ReaderNotes } from './reader.js';
import type { PromptPlan } from './schedule.js';

const SESSION = 'ses_1';
const PLAN: PromptPlan = {
  calls: [[{ t: 'text', value: 'Grüße' }]],
  way: 'run',
  door: 'grpc',
  queued: false,
  answer: 'once',
  abortAfter: undefined,
  vanishAfter: undefined,
  repeatElsewhere: false,
};

/** A session with one prompt, answered; OpenCode recorded five events of it, of which callers see four. */
function evidence(entries: readonly Entry[], outcome: Outcome = answered(TurnState.COMPLETED), changes: Partial<Evidence> = {}): Evidence {
  const part = { type: 'text' };
  return {
    sessionId: SESSION,
    readers: [reader([opened(), ...entries])],
    sent: [{ plan: PLAN, requestId: 'p0', outcome }],
    aborted: false,
    dropped: [],
    children: new Map(),
    history: [part, { type: 'step-start' }, part, part, part].map((described, index) => ({
      id: `evt_${index + 1}`,
      seq: index + 1,
      aggregate_id: SESSION,
      type: 'message.part.updated.1',
      data: { sessionID: SESSION, part: described },
    })),
    messages: [
      { info: { id: 'msg_1', sessionID: SESSION, role: 'user', time: { created: 1 } }, parts: [text('prt_1', 'p0 hello')] },
      {
        info: { id: 'msg_2', sessionID: SESSION, role: 'assistant', parentID: 'msg_1', finish: 'stop', time: { created: 2, completed: 3 } },
        parts: [text('prt_2', 'Grüße')],
      },
    ],
    requests: [request()],
    ...changes,
  };
}

function request(): Evidence['requests'][number] {
  return { model: 'm', authorization: undefined, promptText: 'p0 hello', callIndex: 0, attempt: 0, forTitle: false, aborted: false };
}

function text(id: string, value: string) {
  return { id, messageID: 'msg_1', sessionID: SESSION, type: 'text' as const, text: value };
}

function answered(state: TurnState): Outcome {
  return { kind: 'answered', state, messageId: 'msg_2' };
}

function reader(entries: Entry[]): ReaderNotes {
  return { name: 'reader', entries, events: entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : [])) };
}

function opened(): Entry {
  return { kind: 'opened', after: { sequence: 0 } };
}

function told(
  event: MessageInitShape<typeof GlobalEventSchema>['event'],
  sequence?: number,
  eventId = `evt_${sequence}`,
  sessionId = SESSION,
): Entry {
  const init = { sessionId, event, ...(sequence !== undefined && { sequence: BigInt(sequence), eventId }) };
  return { kind: 'event', event: create(GlobalEventSchema, init) };
}

function whole(partId: string, value: string, sequence?: number): Entry {
  const part = { case: 'text' as const, value: create(TextPartSchema, { text: value }) };
  return told({ case: 'messagePartUpdated', value: { partId, part } }, sequence);
}

function delta(value: string, offset: number): Entry {
  const part = { case: 'text' as const, value: create(TextPartSchema) };
  return told({ case: 'messagePartUpdated', value: { partId: 'prt_2', part, delta: value, offset: BigInt(offset) } });
}

function turn(state: TurnState): Entry {
  return told({ case: 'turnUpdated', value: { turnId: 'msg_1', state, requestId: 'p0' } });
}

const resync = told({ case: 'resync', value: { sequence: 4n } });
const [first, second, third, last] = [
  whole('prt_1', 'p0 hello', 1),
  whole('prt_2', '', 3),
  whole('prt_2', 'Grüße', 4),
  whole('prt_2', 'Grüße', 5),
];
const end = turn(TurnState.COMPLETED);
const GOOD: readonly Entry[] = [first, second, delta('Grü', 0), delta('ße', 4), third, last, end];

describe('the invariants', () => {
  it('find nothing where all is well: resumed, resynced, or aborted just behind the end', () => {
    expect(violationsOf(evidence(GOOD))).toEqual([]);
    expect(
      violationsOf(evidence([first, second, delta('Grü', 0), opened(), whole('prt_2', 'Grü'), delta('ße', 4), third, last, end])),
    ).toEqual([]);
    expect(violationsOf(evidence([first, resync, last, end]))).toEqual([]);
    expect(violationsOf(evidence([...GOOD, resync, end]))).toEqual([]);
    const abortedInQueue = [turn(TurnState.QUEUED), turn(TurnState.ABORTED)];
    expect(violationsOf(evidence([...GOOD.slice(0, -1), ...abortedInQueue, turn(TurnState.RUNNING), end]))).toEqual([]);
    expect(violationsOf(evidence([...GOOD.slice(0, -1), ...abortedInQueue, end]))).toEqual([]);
    expect(
      violationsOf(evidence([first, second, third, last, turn(TurnState.ABORTED)], answered(TurnState.ABORTED), { aborted: true })),
    ).toEqual([]);
  });

  it.each([
    ['a durable event that is lost', [first, third, last, end], /reader lost 3 /],
    ['the last durable event, lost', [first, second, third, end], /reader lost 5 /],
    ['a durable event that comes twice', [first, second, second, third, last, end], /got 3 behind 3/],
    ['durable events in the wrong order', [first, third, second, last, end], /got 3 behind 4/],
    [
      'an event under another number',
      [first, second, { ...third, event: told({ case: 'sessionDeleted', value: {} }, 5) }, end],
      /lost 4|got/,
    ],
    ['a delta that is missing', [first, second, delta('ße', 4), third, last, end], /delta of prt_2 at 4 behind 0/],
    ['a delta that comes twice', [first, second, delta('Grü', 0), delta('Grü', 4), third, last, end], /a text of prt_2 that never was/],
    ['a text that ends otherwise', [first, second, third, whole('prt_2', 'Gr', 5), end], /ended with another text of prt_2/],
    ['two ends of a turn', [...GOOD, end], /was told 2 ends of msg_1/],
    ['two ends of a turn that was queued once', [...GOOD.slice(0, -1), turn(TurnState.QUEUED), end, end], /was told 2 ends of msg_1/],
    [
      'two ends of a turn that was aborted in the queue and made again',
      [...GOOD.slice(0, -1), turn(TurnState.QUEUED), turn(TurnState.ABORTED), end, end],
      /was told 2 ends of msg_1/,
    ],
    [
      'a false end',
      [first, second, third, last, turn(TurnState.INTERRUPTED)],
      /told INTERRUPTED of msg_1, but the records have: prompt, answers/,
    ],
  ] as [string, Entry[], RegExp][])('find %s', (_, entries, violation) => {
    expect(violationsOf(evidence(entries)).join('\n')).toMatch(violation);
  });

  it('find a turn reported completed that was not', () => {
    const messages = evidence(GOOD).messages.slice(0, 1);

    expect(violationsOf(evidence(GOOD, undefined, { messages })).join('\n')).toMatch(/told COMPLETED of msg_1[^]*answered COMPLETED/);
  });

  it.each([
    ['a caller without an answer', undefined, {}, /p0 was never answered/],
    ['an error that nobody understands', { kind: 'refused', error: new CallError(13, 'internal', '', []) }, {}, /p0 was refused: 13/],
    [
      'an interruption that was none',
      { kind: 'refused', error: new CallError(14, 'x', 'TURN_INTERRUPTED', []) },
      {},
      /though it was completed/,
    ],
    ['a prompt that ran twice', answered(TurnState.COMPLETED), { requests: [request(), request()] }, /asked the model 2 times/],
  ] as [string, Outcome | undefined, Partial<Evidence>, RegExp][])('find %s', (_, outcome, changes, violation) => {
    const sent = [{ plan: PLAN, requestId: 'p0', outcome }];

    expect(violationsOf({ ...evidence(GOOD), sent, ...changes }).join('\n')).toMatch(violation);
  });

  it('tell an event of a sub-agent that came again, or did not come', () => {
    const history = [1, 2].map((seq) => ({ id: `evt_${seq}`, seq, aggregate_id: 'ses_2', type: 'x', data: { sessionID: 'ses_2' } }));
    const children = new Map([['ses_2', history]]);
    const [one, two] = [
      told({ case: 'sessionDeleted', value: {} }, 1, '', 'ses_2'),
      told({ case: 'sessionDeleted', value: {} }, 2, '', 'ses_2'),
    ];

    expect(violationsOf(evidence([one, opened(), two, ...GOOD], undefined, { children }))).toEqual([]);
    expect(violationsOf(evidence([one, one, two, ...GOOD], undefined, { children })).join()).toMatch(/got 1 of ses_2 behind 1/);
    expect(violationsOf(evidence([two, ...GOOD], undefined, { children })).join()).toMatch(/lost 1 of ses_2/);
  });

  it('find a prompt that is twice in the history', () => {
    const { messages } = evidence(GOOD);

    expect(violationsOf(evidence(GOOD, undefined, { messages: [...messages, ...messages.slice(0, 1)] })).join('\n')).toMatch(
      /2 times in the history/,
    );
  });
});
