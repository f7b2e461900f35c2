#!lua flags=allow-oom
-- Says where a job stands. One that is new begins with the oldest commit that is kept: invariant 8.
--
-- KEYS  1 head, 2 jobs
-- ARGV  1 the job, 2 the name of its first move
-- Reply its cursor, epoch|seq|move; or 'gone', 'ended': the room has no head, or was deleted
local head = redis.call('HMGET', KEYS[1], 'epoch', 'ended', 'trimmed')
if head[2] then return 'ended' end
if not head[1] then return 'gone' end
local first = head[1] .. '|' .. (head[3] or '0') .. '|' .. ARGV[2]
redis.call('HSETNX', KEYS[2], ARGV[1], first)
return redis.call('HGET', KEYS[2], ARGV[1])
