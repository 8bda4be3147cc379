import type { StreamResponse } from '@a2a-js/sdk';
import { Inject, Injectable } from '@nestjs/common';
import { PublicAddresses } from '../../../common/config/public-addresses.js';
import { OpenStreams } from '../../../common/streams/open-streams.js';
import type { A2ACall } from '../a2a.call.js';
import { isTerminal, type TaskEvent, type TaskView } from '../a2a.model.js';
import { negotiates } from '../contracts/extensions.js';
import { TASK_STORE, type TaskStore } from '../task.store.js';
import { dataWishesOf } from '../wire/output-modes.js';
import { positionOf, toPosition } from './position.js';
import { toFinalSnapshot } from '../wire/single.layout.mapper.js';
import { LAYOUTS, type VersionedWishes } from '../wire/task.mapper.js';
import type { TaskFeed } from './task.feed.js';
import { TaskMetrics } from './task.metrics.js';

export interface ReadUntil {
  /** Over when the agent asks, and not only with the task. */
  readonly endsWhenInterrupted: boolean;
}

/** Tells a task to one reader, at the reader's own pace. */
@Injectable()
export class TaskReader {
  constructor(
    private readonly streams: OpenStreams,
    private readonly addresses: PublicAddresses,
    private readonly metrics: TaskMetrics,
    @Inject(TASK_STORE) private readonly store: TaskStore,
  ) {}

  /** Refuses before a task is begun what would be refused behind it. @throws GatewayError RESOURCE_EXHAUSTED when too many streams are open */
  requireRoom({ caller }: A2ACall): void {
    this.streams.requireRoom(caller);
  }

  /** What a caller wants to see of a task: said when it was begun, and negotiated now. */
  async wishesOf(taskId: string, { version, extensions }: A2ACall): Promise<VersionedWishes> {
    const notes = await this.store.notes(taskId);
    const hints = version === '0.3' || negotiates(extensions, 'streaming');
    return { version, ...dataWishesOf(notes?.outputModes ?? []), hints, filesAt: this.addresses.http };
  }

  /**
   * The task as it stands, or what a reader who comes back has missed, then all that happens up to its end.
   *
   * Over when nobody reads any more. A reader that was too slow for what is kept is shown the whole task once more.
   */
  async *read(feed: TaskFeed, call: A2ACall, until: ReadUntil): AsyncGenerator<StreamResponse, void, undefined> {
    const end = this.metrics.onStream();
    try {
      yield* this.tell(feed, call, until);
    } finally {
      end();
    }
  }

  private async *tell(feed: TaskFeed, call: A2ACall, { endsWhenInterrupted }: ReadUntil): AsyncGenerator<StreamResponse, void, undefined> {
    const wishes = await this.wishesOf(feed.ref.id, call);
    const layout = LAYOUTS[wishes.version];
    const { place } = feed;
    const toSnapshot = (view: TaskView): StreamResponse => {
      call.progress.position = toPosition(feed, view.sequence);
      return { payload: { $case: 'task', value: layout.toTask(view, wishes) } };
    };
    let at = positionOf(feed, call.lastEventId);
    if (at === undefined || feed.since(at) === undefined) {
      const { view } = feed;
      yield toSnapshot(view);
      at = view.sequence;
      if (feed.isTerminal || (endsWhenInterrupted && view.state === 'input_required')) return;
    }
    for (;;) {
      await feed.untilChanged(at, call.signal);
      if (call.signal.aborted) return;
      const events = feed.since(at);
      if (events === undefined) {
        const { view } = feed;
        yield toSnapshot(view);
        at = view.sequence;
        if (feed.isTerminal) return;
        continue;
      }
      for (const event of events) {
        at = event.sequence;
        if (wishes.version === '0.3' && endsIt(event)) yield* finalSnapshotOf(feed.view, event.sequence);
        const told = layout.toStreamResponse(event, place, wishes);
        call.progress.position = toPosition(feed, event.sequence);
        if (told !== undefined) {
          if (event.type === 'tool') this.metrics.onToolChunk();
          yield told;
        }
        const room = call.untilReady();
        if (endsIt(event) || (endsWhenInterrupted && event.type === 'status' && event.state === 'input_required')) return;
        if (room === undefined) continue;
        // What comes meanwhile is told as few events as can be.
        await room;
        break;
      }
      if (events.length === 0 && feed.isTerminal) return;
    }
  }
}

/** Whoever was told a text otherwise than it became gets the answer once more, if there is one. */
function* finalSnapshotOf(view: TaskView, sequence: number): Generator<StreamResponse> {
  if (view.wasRewritten && view.lanes.some(({ kind }) => kind === 'text')) yield toFinalSnapshot(view, sequence);
}

function endsIt(event: TaskEvent): boolean {
  return event.type === 'status' && isTerminal(event.state);
}
