import { Subject } from 'rxjs';
import { messageInfo } from '../../../test/fixtures/message-info.js';
import type { EventBody, GatewayEvent } from '../event/event.model.js';
import type { Message, MessageInfo, Part } from '../message/message.model.js';
import { watchMessages } from './message-watch.js';
import type { MessageChange } from './workspace.model.js';

const RESYNC: EventBody = { type: 'resync', lastSequence: 7 };

function info(id: string, completedAtMs?: number): MessageInfo {
  return messageInfo({ id, completedAtMs });
}

function text(messageId: string, value: string, ended = true): Part {
  return { type: 'text', id: `prt_of_${messageId}`, messageId, sessionId: 'ses_1', text: value, ended };
}

function event(body: EventBody, sequence?: number): GatewayEvent {
  return { directory: '/w', sessionId: 'ses_1', eventId: '', sequence, ...body };
}

/** A watch of which the test decides when the history arrives. */
function watch() {
  const events$ = new Subject<GatewayEvent>();
  const readings: { readonly resolve: (history: readonly Message[]) => void; readonly reject: (error: unknown) => void }[] = [];
  const changes: MessageChange[] = [];
  const ends: unknown[] = [];
  const readHistory = () => new Promise<readonly Message[]>((resolve, reject) => readings.push({ resolve, reject }));
  const subscription = watchMessages(events$, readHistory).subscribe({
    next: (change) => changes.push(change),
    error: (error: unknown) => ends.push(error),
    complete: () => ends.push('complete'),
  });
  const settle = () => new Promise(setImmediate);
  return {
    events$,
    changes,
    ends,
    readings,
    subscription,
    tell: (body: EventBody, sequence?: number) => events$.next(event(body, sequence)),
    async answer(...history: readonly Message[]): Promise<void> {
      readings.shift()?.resolve(history);
      await settle();
    },
    async fail(error: unknown): Promise<void> {
      readings.shift()?.reject(error);
      await settle();
    },
  };
}

describe('watchMessages', () => {
  it('tells nothing of the history, and what happened while it was read', async () => {
    const { changes, tell, answer } = watch();
    tell({ type: 'message_updated', message: info('msg_1', 2) }, 1);

    await answer({ info: info('msg_1'), parts: [text('msg_1', 'Hi')] });

    expect(changes).toEqual([{ type: 'updated', message: { info: info('msg_1', 2), parts: [text('msg_1', 'Hi')] } }]);
  });

  it('reads the history once more after a resync, and tells what differs', async () => {
    const { changes, tell, answer } = watch();
    await answer(
      { info: info('msg_1', 2), parts: [text('msg_1', 'same')] },
      { info: info('msg_2', 2), parts: [] },
      { info: info('msg_3'), parts: [] },
    );
    tell(RESYNC);

    await answer(
      { info: info('msg_1', 2), parts: [text('msg_1', 'same')] },
      { info: info('msg_3', 4), parts: [text('msg_3', 'Hi')] },
      { info: info('msg_4'), parts: [] },
    );

    expect(changes).toEqual([
      { type: 'deleted', messageId: 'msg_2' },
      { type: 'updated', message: { info: info('msg_3', 4), parts: [text('msg_3', 'Hi')] } },
      { type: 'created', message: { info: info('msg_4'), parts: [] } },
    ]);
  });

  it('applies what happens behind a resync on top of the history read then', async () => {
    const { changes, tell, answer } = watch();
    await answer({ info: info('msg_1'), parts: [] });
    tell(RESYNC);
    tell({ type: 'message_updated', message: info('msg_1', 2) }, 9);

    await answer({ info: info('msg_1'), parts: [text('msg_1', 'Hi')] });

    expect(changes).toEqual([
      { type: 'updated', message: { info: info('msg_1'), parts: [text('msg_1', 'Hi')] } },
      { type: 'updated', message: { info: info('msg_1', 2), parts: [text('msg_1', 'Hi')] } },
    ]);
  });

  it('heeds a resync that comes while the history is read', async () => {
    const { changes, tell, answer, readings } = watch();
    tell(RESYNC);
    await answer({ info: info('msg_1'), parts: [] });
    expect(readings).toHaveLength(1);

    await answer({ info: info('msg_1', 2), parts: [] });

    expect(changes).toEqual([{ type: 'updated', message: { info: info('msg_1', 2), parts: [] } }]);
  });

  it('does not tell piece by piece what a resync repeats', async () => {
    const { changes, tell, answer } = watch();
    const messages = [{ info: info('msg_1', 2), parts: [text('msg_1', 'Hi')] }];
    await answer(...messages);
    tell(RESYNC);
    tell({ type: 'message_updated', message: info('msg_1', 2) });
    tell({ type: 'part_updated', part: text('msg_1', 'Hi') });

    await answer(...messages);
    tell({ type: 'part_updated', part: text('msg_1', '', false) });

    expect(changes).toEqual([]);
  });

  it('keeps what it saw of a text that still grows, of which the history has nothing', async () => {
    const { changes, tell, answer } = watch();
    await answer({ info: info('msg_1'), parts: [] });
    tell({ type: 'part_updated', part: text('msg_1', 'Hel', false) });
    tell(RESYNC);

    await answer({ info: info('msg_1'), parts: [] });

    expect(changes).toEqual([{ type: 'updated', message: { info: info('msg_1'), parts: [text('msg_1', 'Hel', false)] } }]);
  });

  it('drops it with its message', async () => {
    const { changes, tell, answer } = watch();
    await answer({ info: info('msg_1'), parts: [] });
    tell({ type: 'part_updated', part: text('msg_1', 'Hel', false) });
    tell(RESYNC);

    await answer({ info: info('msg_1', 2), parts: [] });

    expect(changes.at(-1)).toEqual({ type: 'updated', message: { info: info('msg_1', 2), parts: [] } });
  });

  it('ends with the session', async () => {
    const { ends, tell, answer } = watch();
    await answer();

    tell({ type: 'session_deleted' }, 1);

    expect(ends).toEqual(['complete']);
  });

  it('ends with what keeps the history from being read, and with what ends the events', async () => {
    const failed = watch();
    await failed.fail('no history');
    const broken = watch();
    broken.events$.error('no events');

    expect([failed.ends, broken.ends]).toEqual([['no history'], ['no events']]);
  });

  it('lets go of the events when nobody reads any more', () => {
    const { events$, subscription } = watch();

    subscription.unsubscribe();

    expect(events$.observed).toBe(false);
  });
});
