import { Injectable } from '@nestjs/common';
import { SessionService } from '../../session/session.service.js';
import { isTerminal, type TaskView } from '../a2a.model.js';
import { TaskFeeds } from '../task/task.feeds.js';
import { fromTaskId } from '../task/task-id.js';
import type { TaskSource } from './task-source.js';

/** The tasks of this gateway, for those who are told of them without asking. */
@Injectable()
export class FeedSource implements TaskSource {
  constructor(
    private readonly feeds: TaskFeeds,
    private readonly sessions: SessionService,
  ) {}

  async *follow(taskId: string, signal: AbortSignal): AsyncIterable<TaskView> {
    const ref = fromTaskId(taskId);
    const feed = await this.feeds.open(ref, await this.sessions.get(ref.sessionId));
    let told: string | undefined;
    while (!signal.aborted) {
      const { view } = feed;
      const state = `${view.state} ${view.asks.map(({ id }) => id).join()}`;
      if (state !== told) yield view;
      told = state;
      if (isTerminal(view.state)) return;
      feed.requireWhole();
      await feed.untilStateChanged(view.statusSequence, signal);
    }
  }
}
