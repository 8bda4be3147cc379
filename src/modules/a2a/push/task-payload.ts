import { StreamResponse } from '@a2a-js/sdk';
import { V03PushNotificationSerializer } from '@a2a-js/sdk/compat/v0_3/server';
import { Inject, Injectable } from '@nestjs/common';
import { PublicAddresses } from '../../../common/config/public-addresses.js';
import type { A2AVersion } from '../a2a.call.js';
import type { TaskView } from '../a2a.model.js';
import { TASK_STORE, type TaskStore } from '../task.store.js';
import { dataWishesOf } from '../wire/output-modes.js';
import { LAYOUTS } from '../wire/task.mapper.js';
import type { PushPayload } from './task-source.js';

/** Tasks as receivers get them: in 1.0 as an item of a stream, in 0.3 bare. */
@Injectable()
export class TaskPayload implements PushPayload {
  private readonly legacy = new V03PushNotificationSerializer();

  constructor(
    private readonly addresses: PublicAddresses,
    @Inject(TASK_STORE) private readonly store: TaskStore,
  ) {}

  async bodyOf(view: TaskView, version: A2AVersion): Promise<unknown> {
    const notes = await this.store.notes(view.id);
    const wishes = { ...dataWishesOf(notes?.outputModes ?? []), hints: version === '0.3', filesAt: this.addresses.http };
    const task = LAYOUTS[version].toTask(view, wishes);
    const item: StreamResponse = { payload: { $case: 'task', value: task } };
    return version === '1.0' ? StreamResponse.toJSON(item) : JSON.parse(this.legacy.serialize(item).body);
  }
}
