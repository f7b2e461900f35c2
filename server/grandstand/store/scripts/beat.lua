#!lua flags=allow-oom
-- Writes something, so that the WAIT or WAITAOF behind it waits for all that its connection's server
-- has written before. It may write when the store is full, as may what frees the store.
--
-- KEYS  1 beat
-- Reply OK
return redis.call('SET', KEYS[1], '', 'PX', 60000)
