#!lua flags=allow-oom
-- Says where a job stands. One that is new begins with the oldest commit that is kept: invariant 8.
-- So does one whose cursor lies beyond the room: it is of another that had this name, which a server
-- that knew no jobs has deleted.
--
-- KEYS  1 head, 2 jobs, 3 timeline
-- ARGV  1 the job, 2 the name of its first move
-- Reply its cursor, epoch|seq|move; or 'gone', 'ended': the room has no head, or was deleted
local head = redis.call('HMGET', KEYS[1], 'epoch', 'ended', 'seq')
if head[2] then return 'ended' end
if not head[1] then return 'gone' end
local at = redis.call('HGET', KEYS[2], ARGV[1])
if at and tonumber(at:match('|(%d+)|')) <= tonumber(head[3]) then return at end

local oldest = redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)[1]
local before = oldest and tonumber(oldest[1]:match('%d+')) - 1 or tonumber(head[3])
local first = string.format('%s|%.0f|%s', head[1], before, ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], first)
return first
