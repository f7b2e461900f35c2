#!lua flags=allow-oom
-- Closes one shard of a poll and tells its sums: invariant 5. Again is the same.
--
-- KEYS  1 votes, 2 tally, then all else that the shard may have
-- ARGV  1 seconds that all are kept from now on
-- Reply the tally's fields and values
redis.call('HSET', KEYS[2], 'c', 1)
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[1]) end
return redis.call('HGETALL', KEYS[2])
