#!lua flags=allow-oom
-- Tries each command that the other scripts call, on a key of its own, and leaves nothing.
--
-- KEYS  1 any
-- ARGV  1 a channel
local key = KEYS[1]
redis.call('TIME')
redis.call('DEL', key)
redis.call('HSET', key, 'a', '1')
redis.call('HSETNX', key, 'b', '1')
redis.call('HINCRBY', key, 'a', 1)
redis.call('HMGET', key, 'a', 'b')
redis.call('HGET', key, 'a')
redis.call('HGETALL', key)
redis.call('HVALS', key)
redis.call('HEXISTS', key, 'a')
redis.call('HLEN', key)
redis.call('HDEL', key, 'a')
redis.call('EXPIRE', key, 60)
redis.call('PEXPIRE', key, 60000)
redis.call('EXISTS', key)
redis.call('DEL', key)
redis.call('XADD', key, '1-0', 'a', '1')
redis.call('XLEN', key)
redis.call('XRANGE', key, '-', '+', 'COUNT', 1)
redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)
redis.call('XTRIM', key, 'MINID', '1-0')
redis.call('XDEL', key, '1-0')
redis.call('DEL', key)
redis.call('ZADD', key, 1, 'a')
redis.call('DEL', key)
redis.call('SADD', key, 'a')
redis.call('DEL', key)
redis.call('SET', key, '1', 'PX', 60000)
redis.call('GET', key)
redis.call('DEL', key)
redis.call('SPUBLISH', ARGV[1], '')
return 1
