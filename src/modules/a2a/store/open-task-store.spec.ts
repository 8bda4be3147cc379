import { Logger } from '@nestjs/common';
import { openTaskStore } from './open-task-store.js';

it('says how often the store that replicas share could not be asked', async () => {
  Logger.overrideLogger(false);
  const onFailure = jest.fn();
  // Nobody listens there.
  const store = openTaskStore({ url: 'redis://127.0.0.1:9', onFailure });

  expect(await store.bind('key', 'value', 1_000)).toBe('value');
  await store.close();

  expect(onFailure).toHaveBeenCalledTimes(1);
});
