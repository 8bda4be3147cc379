import { StreamResponse } from '@a2a-js/sdk';
import { V03PushNotificationSerializer } from '@a2a-js/sdk/compat/v0_3/server';
import { Injectable } from '@nestjs/common';
import { PublicAddresses } from '../../../common/config/public-addresses.js';
import type { A2AVersion } from '../a2a.call.js';
import type { TaskView } from '../a2a.model.js';
import { LAYOUTS } from '../wire/task.mapper.js';
import type { PushPayload } from './task-source.js';

/** Tasks as receivers get them: in 1.0 as an item of a stream, in 0.3 bare. */
@Injectable()
export class TaskPayload implements PushPayload {
  private readonly legacy = new V03PushNotificationSerializer();

  constructor(private readonly addresses: PublicAddresses) {}

  bodyOf(view: TaskView, version: A2AVersion): unknown {
    const task = LAYOUTS[version].toTask(view, { takesData: true, hints: version === '0.3', filesAt: this.addresses.http });
    const item: StreamResponse = { payload: { $case: 'task', value: task } };
    return version === '1.0' ? StreamResponse.toJSON(item) : JSON.parse(this.legacy.serialize(item).body);
  }
}
