#!lua
-- Keeps hours of a room's audience and the latest forecast of it, and forgets others; nothing of a
-- room that is gone.
--
-- KEYS  1 head, 2 crowd
-- ARGV  1 seconds that it is kept, 2 how many hours are forgotten, then each of those, then what is
--       kept: field, value, ...
-- Reply 1; -1: the room has no head; -2: it was deleted
local head = redis.call('HMGET', KEYS[1], 'epoch', 'ended')
if head[2] then return -2 end
if not head[1] then return -1 end
local kept = 3 + tonumber(ARGV[2])
for i = 3, kept - 1 do redis.call('HDEL', KEYS[2], ARGV[i]) end
for i = kept, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[2], ARGV[1])
return 1
