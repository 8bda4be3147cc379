import { createClient } from '@redis/client';
import { eventually } from '../../../../test/support/eventually.js';
import { pushConfig } from '../../../../test/support/push-config.js';
import { findRedisServer, TestRedisServer } from '../../../../test/support/redis-server.js';
import { RedisTaskStore } from './redis-task.store.js';

const LONG_MS = 60_000;

const program = findRedisServer();

(program === undefined ? describe.skip : describe)('RedisTaskStore and its Redis', () => {
  let redis: TestRedisServer;
  let store: RedisTaskStore;

  beforeEach(async () => {
    redis = await TestRedisServer.start(program ?? '');
    store = new RedisTaskStore(redis.url);
    await store.bind('key', 'value', LONG_MS);
  });

  afterEach(async () => {
    await store.close();
    await redis.stop();
  });

  const unavailable = { code: 'UNAVAILABLE', reason: 'STORE_UNAVAILABLE' };

  it('says so, and goes on once Redis is back', async () => {
    await redis.stop();
    await expect(store.bound('key')).rejects.toMatchObject(unavailable);
    await expect(store.settle('task', 'completed')).rejects.toMatchObject(unavailable);

    await redis.restart();

    await eventually(() =>
      store.bind('key', 'anew', LONG_MS).then(
        () => true,
        () => false,
      ),
    );
    expect(await store.bound('key')).toBe('anew');
  });

  it('waits no longer than it must for a Redis that hangs', async () => {
    redis.hang();
    await expect(store.bound('key')).rejects.toMatchObject(unavailable);

    redis.goOn();

    await eventually(() =>
      store.bound('key').then(
        (value) => value === 'value',
        () => false,
      ),
    );
  });

  it('says so when there was no Redis from the beginning', async () => {
    await redis.stop();
    const early = new RedisTaskStore(redis.url);

    await expect(early.notes('task')).rejects.toMatchObject(unavailable);

    await early.close();
  });

  it('leaves nothing in Redis for ever of a task that is through', async () => {
    const config = pushConfig();
    await store.note(config.taskId, { contextId: 'ctx', outputModes: [] });
    await store.settle(config.taskId, 'completed');
    await store.putPushConfig(config);
    await store.lease('push', 'me', LONG_MS);
    await store.finishPush(config);

    const client = await createClient({ url: redis.url }).connect();
    const keys = await client.keys('*');
    const livesMs = await Promise.all(keys.map((key) => client.pTTL(key)));
    client.destroy();

    expect(keys).toHaveLength(5);
    expect(keys.every((key) => key.startsWith('ogw:a2a:'))).toBe(true);
    expect(livesMs.filter((lifeMs) => lifeMs <= 0)).toEqual([]);
  });

  it('is reached over its socket too', async () => {
    const local = new RedisTaskStore(redis.socketUrl);

    expect(await local.bound('key')).toBe('value');

    await local.close();
  });

  it('answers nothing any more once it is closed', async () => {
    await store.close();

    await expect(store.bound('key')).rejects.toMatchObject(unavailable);
  });
});

describe('RedisTaskStore', () => {
  it.each(['http://user:correct-horse@127.0.0.1/', 'user:correct-horse', 'redis://user:correct-horse@127.0.0.1:port/'])(
    'refuses an address that is none of Redis without telling its password: %#',
    (url) => {
      const make = (): unknown => new RedisTaskStore(url);

      expect(make).toThrow('is not a redis, rediss or unix URL');
      expect(make).not.toThrow('correct-horse');
    },
  );
});
