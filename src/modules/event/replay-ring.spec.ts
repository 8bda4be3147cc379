import type { GatewayEvent } from './event.model.js';
import { ReplayRing } from './replay-ring.js';

const ROOT = 'ses_root';
const CHILD = 'ses_child';

let pushed = 0;

/** The id of an event that came after all others. */
function nextId(): string {
  pushed += 1;
  return `evt_${String(pushed).padStart(6, '0')}`;
}

function push(ring: ReplayRing, sessionId: string, sequence: number, size = 1): string {
  const event: GatewayEvent = { type: 'message_removed', directory: '/w', sessionId, eventId: nextId(), sequence, messageId: 'msg_1' };
  ring.push(event, size);
  return event.eventId;
}

function positions(events: readonly GatewayEvent[] | undefined): string[] | undefined {
  return events?.map(({ sessionId, sequence }) => `${sessionId}:${sequence}`);
}

function after(ring: ReplayRing, sessionId: string, sequence: number): GatewayEvent[] | undefined {
  const ordinal = ring.ordinalBehind(sessionId, { sequence });
  return ordinal === undefined ? undefined : ring.from(ordinal);
}

function filled(bounds: { maxEvents?: number; maxBytes?: number }, sequences: readonly number[]): ReplayRing {
  const ring = new ReplayRing({ maxEvents: 100, maxBytes: 1_000, ...bounds });
  for (const sequence of sequences) push(ring, ROOT, sequence);
  return ring;
}

describe('ReplayRing', () => {
  it('gives what came behind a position, in order', () => {
    const ring = filled({}, [4, 5, 6, 7]);

    expect(positions(after(ring, ROOT, 5))).toEqual([`${ROOT}:6`, `${ROOT}:7`]);
  });

  it('gives everything behind the event that it is said to begin behind', () => {
    const ring = filled({}, []);
    ring.beginBehind({ sessionId: ROOT, sequence: 3, eventId: nextId() });
    push(ring, ROOT, 4);
    push(ring, ROOT, 5);

    expect(positions(after(ring, ROOT, 3))).toEqual([`${ROOT}:4`, `${ROOT}:5`]);
    expect(after(ring, ROOT, 2)).toBeUndefined();
  });

  it('cannot serve the position just before its first event, for a child may have done something in between', () => {
    const ring = filled({}, [4, 5]);

    expect(after(ring, ROOT, 3)).toBeUndefined();
  });

  it('cannot serve a position behind which a child did something before the beginning', () => {
    const ring = filled({}, []);
    const before = nextId();
    ring.beginBehind({ sessionId: CHILD, sequence: 7, eventId: nextId() });
    push(ring, ROOT, 5);

    expect(after(ring, ROOT, 4)).toBeUndefined();
    expect(ring.ordinalBehind(ROOT, { sequence: 4, eventId: before })).toBeUndefined();
  });

  it('serves who has seen the event that it begins behind, whosever it was', () => {
    const ring = filled({}, []);
    const edge = { sessionId: CHILD, sequence: 7, eventId: nextId() };
    ring.beginBehind(edge);
    push(ring, CHILD, 8);
    push(ring, ROOT, 5);

    const ordinal = ring.ordinalBehind(ROOT, { sequence: 4, eventId: edge.eventId });

    expect(positions(ring.from(ordinal ?? -1))).toEqual([`${CHILD}:8`, `${ROOT}:5`]);
  });

  it('keeps to its first beginning', () => {
    const ring = filled({}, []);
    ring.beginBehind({ sessionId: ROOT, sequence: 3, eventId: nextId() });
    push(ring, ROOT, 4);

    ring.beginBehind({ sessionId: ROOT, sequence: 4, eventId: nextId() });

    expect(positions(after(ring, ROOT, 3))).toEqual([`${ROOT}:4`]);
  });

  it('gives nothing new behind its last event', () => {
    const ring = filled({}, [4, 5]);

    expect(after(ring, ROOT, 5)).toEqual([]);
  });

  it('cannot serve a position before its first event', () => {
    const ring = filled({}, [4, 5]);

    expect(after(ring, ROOT, 2)).toBeUndefined();
  });

  it('cannot serve a session it never heard of', () => {
    const ring = filled({}, [4, 5]);

    expect(after(ring, 'ses_other', 4)).toBeUndefined();
  });

  it('steps over positions that callers do not see', () => {
    const ring = filled({}, [4, 8, 9]);

    expect(positions(after(ring, ROOT, 6))).toEqual([`${ROOT}:8`, `${ROOT}:9`]);
  });

  it('keeps no more events than its bound', () => {
    const ring = filled({ maxEvents: 3 }, [0, 1, 2, 3, 4]);

    expect(positions(after(ring, ROOT, 1))).toEqual([`${ROOT}:2`, `${ROOT}:3`, `${ROOT}:4`]);
    expect(after(ring, ROOT, 0)).toBeUndefined();
  });

  it('keeps no more bytes than its bound', () => {
    const ring = filled({ maxBytes: 10 }, []);
    for (const sequence of [0, 1, 2]) push(ring, ROOT, sequence, 4);

    expect(positions(after(ring, ROOT, 0))).toEqual([`${ROOT}:1`, `${ROOT}:2`]);
    expect(after(ring, ROOT, -1)).toBeUndefined();
  });

  it('keeps nothing of an event larger than its bound, and says so', () => {
    const ring = filled({ maxBytes: 10 }, []);

    push(ring, ROOT, 0, 11);

    expect(after(ring, ROOT, -1)).toBeUndefined();
    expect(after(ring, ROOT, 0)).toEqual([]);
  });

  it('keeps nothing when it may keep no events', () => {
    const ring = filled({ maxEvents: 0 }, [0, 1]);

    expect(after(ring, ROOT, 0)).toBeUndefined();
    expect(after(ring, ROOT, 1)).toEqual([]);
  });

  it('gives the events of a child between those of its root', () => {
    const ring = filled({}, [4]);
    push(ring, CHILD, 0);
    push(ring, ROOT, 5);
    push(ring, CHILD, 1);

    expect(positions(after(ring, ROOT, 4))).toEqual([`${CHILD}:0`, `${ROOT}:5`, `${CHILD}:1`]);
  });

  it('cannot serve a position behind which an event of a child is gone', () => {
    const ring = filled({ maxEvents: 2 }, [4]);
    push(ring, CHILD, 0);
    push(ring, CHILD, 1);

    push(ring, ROOT, 5);

    expect(after(ring, ROOT, 4)).toBeUndefined();
  });

  it('serves a position when all that came behind it is kept, though an event of a child before it is gone', () => {
    const ring = filled({ maxEvents: 2 }, []);
    push(ring, CHILD, 0);
    push(ring, ROOT, 4);

    push(ring, ROOT, 5);

    expect(positions(after(ring, ROOT, 4))).toEqual([`${ROOT}:5`]);
  });

  it('stays right after many thousand events', () => {
    const ring = filled(
      { maxEvents: 5 },
      Array.from({ length: 5_000 }, (_, index) => index),
    );

    expect(positions(after(ring, ROOT, 4_997))).toEqual([`${ROOT}:4998`, `${ROOT}:4999`]);
    expect(after(ring, ROOT, 4_993)).toBeUndefined();
  });

  it('forgets everything when it is cleared', () => {
    const ring = filled({}, [4, 5]);

    ring.clear();

    expect(after(ring, ROOT, 4)).toBeUndefined();
  });

  it('begins anew with the first event after it was cleared', () => {
    const ring = filled({}, [4, 5]);
    ring.clear();

    push(ring, ROOT, 9);

    expect(after(ring, ROOT, 9)).toEqual([]);
    expect(after(ring, ROOT, 8)).toBeUndefined();
  });
});
