import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { Metrics } from '../../../common/metrics/metrics.js';
import { Slots } from '../../../common/streams/slots.js';
import type { Span } from '../../../common/tracing/tracer.js';
import type { TaskView } from '../a2a.model.js';
import { TASK_STORE, type PushConfig, type TaskStore } from '../task.store.js';
import { isSamePushConfig } from './push-config.mapper.js';
import type { Attempt } from './push.line.js';
import { PushSender, type PushAttempt } from './push.sender.js';
import { PUSH_PAYLOAD, type PushPayload } from './task-source.js';

/** Attempts of all tasks that are under way at once. */
const MAX_IN_FLIGHT = 64;

/** What an attempt needs beside the network: that the configuration still stands, the words, a slot; and that it is counted and logged. */
@Injectable()
export class PushDelivery {
  private readonly logger = new Logger('PushNotifications');
  private readonly slots = new Slots(MAX_IN_FLIGHT);
  private readonly attempts: Counter<'outcome'>;

  constructor(
    @Inject(TASK_STORE) private readonly store: TaskStore,
    @Inject(PUSH_PAYLOAD) private readonly payload: PushPayload,
    private readonly sender: PushSender,
    metrics: Metrics,
  ) {
    this.attempts = metrics.counter('a2a_push_deliveries_total', 'Attempts to tell a receiver of a task, and what was given up', [
      'outcome',
    ]);
    // The first shall be an increase, and not a series that was not there before.
    this.attempts.inc({ outcome: 'given_up' }, 0);
  }

  /**
   * Attempts for the receivers that the present call names, and parts of its trace; of none, where no call asks. It is asked in the call
   * itself: an attempt may begin after its answer, when nothing is followed for it any more.
   */
  forPresentCall(): Attempt {
    const cause = this.sender.cause();
    return (config, view, signal) => this.attempt(config, view, signal, cause);
  }

  /** @throws GatewayError UNAVAILABLE when the store does not answer; the signal's reason */
  private attempt(config: PushConfig, view: TaskView, signal: AbortSignal, cause: Span): Promise<PushAttempt> {
    return this.slots.run(async () => {
      signal.throwIfAborted();
      // Another replica may have deleted or replaced it: nothing is sent after that.
      if (!(await this.stands(config))) return { outcome: 'gone' };
      const body = JSON.stringify(await this.payload.bodyOf(view, config.version));
      const attempt = await this.sender.send(config, body, signal, cause);
      this.attempts.inc({ outcome: attempt.outcome });
      if (attempt.outcome === 'gone' && (await this.stands(config))) await this.store.deletePushConfig(config.taskId, config.id);
      if (attempt.outcome !== 'delivered') this.logger.debug({ ...factsOf(config, view), ...attempt });
      return attempt;
    });
  }

  /** A receiver is not told of a view. */
  giveUp(config: PushConfig, view: TaskView, why: string): void {
    this.attempts.inc({ outcome: 'given_up' });
    this.logger.warn({ msg: 'A push notification was given up', ...factsOf(config, view), why });
  }

  private async stands(config: PushConfig): Promise<boolean> {
    const standing = (await this.store.unfinishedPushConfigs(config.taskId)).find(({ id }) => id === config.id);
    return standing !== undefined && isSamePushConfig(standing, config);
  }
}

/** What a log line may tell: the host, and neither path nor query, which may hold secrets. */
function factsOf({ id, taskId, url }: PushConfig, { state }: TaskView): Record<string, string> {
  return { taskId, configId: id, host: new URL(url).host, state };
}
