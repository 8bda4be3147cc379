import { Observable, type Subscriber } from 'rxjs';
import type { GatewayEvent } from '../event/event.model.js';
import type { Message } from '../message/message.model.js';
import { isGrowing, MessageAssembler } from './message-assembler.js';
import type { MessageChange } from './workspace.model.js';

/**
 * Every change of a session's messages from now on; ends when the session does.
 *
 * What happens while the history is read is applied on top of it. Where events were missed for good it is read once more,
 * and what differs from what was known is told.
 *
 * @param events$ - of the session alone, with accumulated text
 */
export function watchMessages(
  events$: Observable<GatewayEvent>,
  readHistory: () => Promise<readonly Message[]>,
): Observable<MessageChange> {
  return new Observable((subscriber) => {
    const watch = new MessageWatch(readHistory, subscriber);
    watch.begin();
    return events$.subscribe({ next: (event) => watch.next(event), error: (error) => subscriber.error(error) });
  });
}

class MessageWatch {
  private readonly assembler = new MessageAssembler();
  /** Events that wait for the history; undefined while they need not. */
  private waiting: GatewayEvent[] | undefined;

  constructor(
    private readonly readHistory: () => Promise<readonly Message[]>,
    private readonly subscriber: Subscriber<MessageChange>,
  ) {}

  begin(): void {
    this.read(() => undefined);
  }

  next(event: GatewayEvent): void {
    if (this.waiting !== undefined) return void this.waiting.push(event);
    if (event.type === 'resync') return this.read((change) => this.subscriber.next(change));
    const change = isRepetition(event) ? undefined : this.assembler.apply(event);
    if (change !== undefined) this.subscriber.next(change);
    if (event.type === 'session_deleted') this.subscriber.complete();
  }

  private read(tell: (change: MessageChange) => void): void {
    const waiting: GatewayEvent[] = [];
    this.waiting = waiting;
    this.readHistory().then(
      (history) => {
        this.assembler.catchUp(history).forEach(tell);
        this.waiting = undefined;
        for (const event of waiting) this.next(event);
      },
      (error: unknown) => this.subscriber.error(error),
    );
  }
}

/** A resync tells the newest messages piece by piece, as events without a number; the history has them whole. */
function isRepetition(event: GatewayEvent): boolean {
  if (event.sequence !== undefined) return false;
  if (event.type === 'part_updated') return !isGrowing(event.part) || event.part.text === '';
  return event.type === 'message_updated';
}
