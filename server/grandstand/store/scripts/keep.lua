#!lua flags=allow-oom
-- Lets a key end a while from now, if it is there.
--
-- KEYS  1 any
-- ARGV  1 seconds that it is kept from now on
-- Reply 1 it ends then, 0 it isn't there
return redis.call('EXPIRE', KEYS[1], ARGV[1])
