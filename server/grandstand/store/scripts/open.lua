#!lua flags=allow-oom
-- Opens one shard of a poll: without its mark no vote counts there. Again is the same.
--
-- KEYS  1 tally
-- Reply 1 opened now, 0 opened before
return redis.call('HSETNX', KEYS[1], 'o', 1)
