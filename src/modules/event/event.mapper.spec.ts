import { readTranscript, transcriptNames } from '../../../test/fixtures/transcripts/transcripts.js';
import type { UpstreamFrame } from '../../common/opencode/opencode.types.js';
import { deliveryOf } from '../../common/streams/delivery.js';
import { fromUpstreamFrame, toGlobalEvent, type FrameContent } from './event.mapper.js';
import type { EventBody, GatewayEvent } from './event.model.js';

const SEEN_AT_MS = 1_795_247_400_000;

function contentsOf(transcript: string): FrameContent[] {
  return readTranscript(transcript).flatMap((frame) => fromUpstreamFrame(frame, SEEN_AT_MS) ?? []);
}

function frame(type: string, properties: unknown): UpstreamFrame {
  return { directory: '/w', payload: { id: 'evt_1', type, properties } };
}

function synced(type: string, data: unknown, seq = 7, id = 'evt_1'): UpstreamFrame {
  return { directory: '/w', payload: { type: 'sync', syncEvent: { id, type, seq, aggregateID: 'ses_1', data } } };
}

/** An event's id as OpenCode makes it: the lower 36 bits of the time in ms, and 12 of a counter. */
function idAt(ms: number): string {
  return `evt_${(ms % 2 ** 36).toString(16).padStart(9, '0')}001`;
}

function event(body: EventBody, sequence?: number): GatewayEvent {
  return { directory: '/w', sessionId: 'ses_1', eventId: '', sequence, ...body };
}

const text = { type: 'text', id: 'prt_1', messageId: 'msg_1', sessionId: 'ses_1', text: 'Hi', ended: false } as const;

describe.each(transcriptNames)('fromUpstreamFrame over %s', (transcript) => {
  it('tells every durable event exactly once, numbered without a hole', () => {
    const durable = new Map<string, number[]>();

    for (const content of contentsOf(transcript)) {
      if (content.type === 'text_growth' || content.sequence === undefined) continue;
      durable.set(content.sessionId, [...(durable.get(content.sessionId) ?? []), content.sequence]);
    }

    const recorded = readTranscript(transcript).flatMap(({ payload }) => payload.syncEvent ?? []);
    expect([...durable.values()].flat()).toHaveLength(recorded.length);
    for (const sequences of durable.values()) expect(sequences).toEqual(sequences.map((_, index) => index));
  });

  it('tells each event id once', () => {
    const ids = contentsOf(transcript).flatMap((content) => (content.type === 'text_growth' ? [] : [content.eventId]));

    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tells deltas that add up to the final text of their part', () => {
    const grown = new Map<string, string>();
    const final = new Map<string, string>();

    for (const content of contentsOf(transcript)) {
      if (content.type === 'text_growth') grown.set(content.partId, (grown.get(content.partId) ?? '') + content.delta);
      else if (content.type === 'part_updated' && 'text' in content.part) final.set(content.part.id, content.part.text);
    }

    expect([...grown]).toEqual([...grown.keys()].map((id) => [id, final.get(id)]));
  });

  it('tells a message to be finished behind all its parts, as the records have it', () => {
    const finished = new Set<string>();
    const late: string[] = [];

    for (const content of contentsOf(transcript)) {
      if (content.type === 'message_updated' && (content.message.finish ?? content.message.completedAtMs) !== undefined)
        finished.add(content.message.id);
      if (content.type === 'part_updated' && finished.has(content.part.messageId)) late.push(content.part.type);
    }

    expect(finished.size).toBeGreaterThan(0);
    expect(late).toEqual([]);
  });

  it('names the session and the directory of everything but file events', () => {
    const homeless = contentsOf(transcript).filter(
      ({ type, sessionId, directory }) => type !== 'file_edited' && (!sessionId.startsWith('ses_') || directory !== '/workspace/project'),
    );

    expect(homeless).toEqual([]);
  });

  it('gives a message on the wire for every event', () => {
    const events = contentsOf(transcript).flatMap((content) =>
      content.type === 'text_growth' || content.type === 'unseen' ? [] : [content],
    );

    const cases = events.map((each) => toGlobalEvent(each).event.case);

    expect(cases).not.toContain(undefined);
  });
});

describe('fromUpstreamFrame', () => {
  it.each([
    ['a type nobody knows', frame('session.next.prompted', { sessionID: 'ses_1' })],
    ['a heartbeat', frame('server.heartbeat', {})],
    ['noise of the start', frame('plugin.added', { id: 'x' })],
    ['a type without properties', frame('session.status', undefined)],
    ['the deprecated twin of idle', frame('session.idle', { sessionID: 'ses_1' })],
    ['an error without an error', frame('session.error', { sessionID: 'ses_1' })],
    ['growth of something that is not text', frame('message.part.delta', { sessionID: 'ses_1', field: 'metadata', delta: 'x' })],
    ['the plain twin of a durable event', frame('message.removed', { sessionID: 'ses_1', messageID: 'msg_1' })],
  ])('drops %s', (_, dropped) => {
    expect(fromUpstreamFrame(dropped, 0)).toBeUndefined();
  });

  it.each([
    ['of a type nobody knows', synced('session.teleported.1', { sessionID: 'ses_1' })],
    [
      'of a part that callers do not see',
      synced('message.part.updated.1', { sessionID: 'ses_1', part: { type: 'step-start', id: 'prt_1' } }),
    ],
  ])('keeps the position of a durable event %s', (_, unseen) => {
    expect(fromUpstreamFrame(unseen, 0)).toMatchObject({ type: 'unseen', sessionId: 'ses_1', sequence: 7 });
  });

  it('understands later versions of a durable event', () => {
    const content = fromUpstreamFrame(synced('message.removed.12', { sessionID: 'ses_1', messageID: 'msg_1' }), 0);

    expect(content).toEqual({
      type: 'message_removed',
      messageId: 'msg_1',
      sessionId: 'ses_1',
      directory: '/w',
      eventId: 'evt_1',
      sequence: 7,
    });
  });

  it('does not let out what a provider said', () => {
    const error = { name: 'UnknownError', data: { message: 'SQL failed\n  at secret (file.ts:1)' } };

    const content = fromUpstreamFrame(frame('session.error', { sessionID: 'ses_1', error }), 0);

    expect(content).toMatchObject({ failure: { name: 'UnknownError', message: 'OpenCode failed; its own log says why' } });
  });

  it('does not let out the provider’s text of a retry', () => {
    const status = { type: 'retry', attempt: 2, message: 'INSERT INTO message', next: 9 };

    const content = fromUpstreamFrame(frame('session.status', { sessionID: 'ses_1', status }), 0);

    expect(JSON.stringify(content)).not.toContain('INSERT');
    expect(content).toMatchObject({ status: { type: 'retry', attempt: 2, nextAttemptAtMs: 9 } });
  });

  it('tells of a message nothing that is younger than the event', () => {
    const tokens = { input: 10, output: 5 };
    const time = { created: SEEN_AT_MS, completed: SEEN_AT_MS + 40 };
    const info = { id: 'msg_1', sessionID: 'ses_1', role: 'assistant', time, finish: 'stop', tokens, cost: 1, parentID: 'msg_0' };
    const messageAt = (ms: number) => fromUpstreamFrame(synced('message.updated.1', { info }, 7, idAt(ms)), SEEN_AT_MS);

    expect(messageAt(time.completed - 1)).toMatchObject({
      message: { id: 'msg_1', parentId: 'msg_0', completedAtMs: undefined, finish: undefined, tokens: undefined, cost: undefined },
    });
    expect(messageAt(time.completed)).toMatchObject({ message: { completedAtMs: time.completed, finish: 'stop', tokens, cost: 1 } });
  });

  it('tells nothing of a failure either that is younger than the event', () => {
    const error = { name: 'UnknownError', data: { message: 'no' } };
    const info = { id: 'msg_1', sessionID: 'ses_1', role: 'assistant', time: { created: 1, completed: SEEN_AT_MS }, error };
    const failureAt = (ms: number) => fromUpstreamFrame(synced('message.updated.1', { info }, 7, idAt(ms)), SEEN_AT_MS);

    expect(failureAt(SEEN_AT_MS - 1)).toMatchObject({ message: { failure: undefined } });
    expect(failureAt(SEEN_AT_MS)).toMatchObject({ message: { failure: { name: 'UnknownError' } } });
  });

  it('dates a permission request by the time it was seen', () => {
    const content = fromUpstreamFrame(frame('permission.asked', { id: 'per_1', sessionID: 'ses_1', permission: 'bash' }), SEEN_AT_MS);

    expect(content).toMatchObject({ permission: { id: 'per_1', seenAtMs: SEEN_AT_MS, patterns: [], metadata: {} } });
  });
});

describe('toGlobalEvent', () => {
  it('gives all readers of an event the same message', () => {
    const removed = event({ type: 'message_removed', messageId: 'msg_1' }, 3);

    expect(toGlobalEvent(removed)).toBe(toGlobalEvent(removed));
  });

  it('lets the durable text of a part take the place of its growth, and nothing take its own', () => {
    const durable = event({ type: 'part_updated', part: text }, 3);

    expect(toGlobalEvent(durable).sequence).toBe(3n);
    expect(deliveryOf(durable)).toEqual({ supersedes: 'prt_1', isLasting: true });
  });

  it('lets newer accumulated text of a part take the place of older', () => {
    const growth = event({ type: 'part_updated', part: text });

    expect(toGlobalEvent(growth).sequence).toBeUndefined();
    expect(deliveryOf(growth)).toEqual({ supersedes: 'prt_1', isLasting: false });
  });

  it('never lets a delta be dropped for a newer one', () => {
    const { id, messageId, sessionId, type } = text;

    const delta = event({ type: 'part_delta', delta: { id, messageId, sessionId, type, delta: 'i', offset: 1 } });

    expect(toGlobalEvent(delta).event.value).toMatchObject({ delta: 'i', offset: 1n, partId: 'prt_1' });
    expect(deliveryOf(delta)).toBeUndefined();
  });

  it('tells whose a growing part is with its first delta alone', () => {
    const { id, messageId, sessionId, type } = text;

    const [first, second] = ['H', 'i'].map((delta, offset) =>
      toGlobalEvent(event({ type: 'part_delta', delta: { id, messageId, sessionId, type, delta, offset } })),
    );

    expect(first).toMatchObject({ directory: '/w', event: { value: { messageId, sessionId, part: { case: 'text' } } } });
    expect(second).toMatchObject({ directory: '', event: { value: { messageId: '', sessionId: '', part: { case: undefined } } } });
    expect(second?.sessionId).toBe(first?.sessionId);
  });
});
