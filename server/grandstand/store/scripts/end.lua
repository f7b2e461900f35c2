#!lua flags=allow-oom
-- Ends a room: from now on nothing enters it and nothing is committed. Again is the same.
--
-- KEYS  1 head
-- ARGV  1 the channel, 2 the envelope
-- Reply 1 ended now, 0 ended before, -1 there is no such room
local head = redis.call('HMGET', KEYS[1], 'epoch', 'ended')
if head[2] then return 0 end
if not head[1] then return -1 end
local clock = redis.call('TIME')
redis.call('HSET', KEYS[1], 'ended', string.format('%.0f', clock[1] * 1000 + clock[2] / 1000))
redis.call('SPUBLISH', ARGV[1], ARGV[2])
return 1
