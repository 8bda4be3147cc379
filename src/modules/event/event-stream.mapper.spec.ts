import { EMPTY } from 'rxjs';
import type { GatewayEvent } from './event.model.js';
import { toEventStream } from './event-stream.mapper.js';

function event(sessionId: string, sequence: number | undefined): GatewayEvent {
  return { type: 'session_deleted', directory: '/w', eventId: '', sessionId, sequence };
}

describe('toEventStream', () => {
  const { positionOf, heartbeat } = toEventStream(EMPTY, 'ses_root').extras;

  it('lets a reader resume from durable events of the session it follows', () => {
    expect(positionOf?.(event('ses_root', 7))).toBe('7');
  });

  it.each([
    ['a transient event', event('ses_root', undefined)],
    ["a sub-agent's event, which is numbered in its own session", event('ses_child', 7)],
  ])('has no position at %s', (_, told) => {
    expect(positionOf?.(told)).toBeUndefined();
  });

  it('has no position where all sessions are followed', () => {
    expect(toEventStream(EMPTY).extras.positionOf?.(event('ses_root', 7))).toBeUndefined();
  });

  it('has a heartbeat that says nothing else', () => {
    expect(heartbeat).toMatchObject({ sessionId: '', eventId: '', directory: '', event: { case: 'heartbeat' } });
    expect(heartbeat).not.toHaveProperty('sequence', expect.anything());
  });
});
