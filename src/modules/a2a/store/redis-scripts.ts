/** What Redis does in one step, in Lua. Keys and arguments are named by the first lines. */

/** 1: taken or renewed, 0: somebody else's. */
export const LEASE = `
local lease, holder, ttlMs = KEYS[1], ARGV[1], ARGV[2]
local standing = redis.call('GET', lease)
if standing and standing ~= holder then return 0 end
redis.call('SET', lease, holder, 'PX', ttlMs)
return 1`;

export const RELEASE = `
local lease, holder = KEYS[1], ARGV[1]
if redis.call('GET', lease) == holder then redis.call('DEL', lease) end
return 0`;

/** 0: kept, 1: the task has too many, 2: too many tasks have some. Tasks are in the order of Redis' own clock. */
export const PUT_PUSH_CONFIG = `
local all, unfinished, tasks = KEYS[1], KEYS[2], KEYS[3]
local taskId, id, config, maxOfTask, maxTasks = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if redis.call('HEXISTS', all, id) == 0 and redis.call('HLEN', all) >= maxOfTask then return 1 end
if not redis.call('ZSCORE', tasks, taskId) and redis.call('ZCARD', tasks) >= maxTasks then return 2 end
redis.call('HSET', all, id, config)
redis.call('HSET', unfinished, id, config)
redis.call('PERSIST', all)
local now = redis.call('TIME')
redis.call('ZADD', tasks, 'NX', string.format('%.0f', now[1] * 1000000 + now[2]), taskId)
return 0`;

const SETTLE_PUSH_TASK = `
if redis.call('EXISTS', unfinished) == 0 then
  redis.call('ZREM', tasks, taskId)
  redis.call('PEXPIRE', all, ttlMs)
end`;

/** 1: there was one. */
export const DELETE_PUSH_CONFIG = `
local all, unfinished, tasks = KEYS[1], KEYS[2], KEYS[3]
local taskId, id, ttlMs = ARGV[1], ARGV[2], ARGV[3]
local wasThere = redis.call('HDEL', all, id)
redis.call('HDEL', unfinished, id)
${SETTLE_PUSH_TASK}
return wasThere`;

export const FINISH_PUSH = `
local all, unfinished, tasks = KEYS[1], KEYS[2], KEYS[3]
local taskId, id, ttlMs, config = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('HGET', unfinished, id) == config then redis.call('HDEL', unfinished, id) end
${SETTLE_PUSH_TASK}
return 0`;
