#!lua flags=allow-oom
-- Makes what a poll's voter tags are made with. The first one stays: again is the same.
--
-- KEYS  1 salt
-- ARGV  1 random bytes
-- Reply 1 made now, 0 made before
return redis.call('SETNX', KEYS[1], ARGV[1])
