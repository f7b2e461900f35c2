#!lua
-- Lists a room among all rooms. Again is the same.
--
-- KEYS  1 rooms
-- ARGV  1 the room
-- Reply 1 listed now, 0 listed before
return redis.call('SADD', KEYS[1], ARGV[1])
