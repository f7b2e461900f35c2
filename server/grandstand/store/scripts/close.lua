#!lua flags=allow-oom
-- Closes one shard of a poll and tells its sums: invariant 5. Again is the same.
--
-- KEYS  1 votes, 2 tally
-- ARGV  1 seconds that both are kept from now on
-- Reply the tally's fields and values
redis.call('HSET', KEYS[2], 'c', 1)
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[1])
return redis.call('HGETALL', KEYS[2])
