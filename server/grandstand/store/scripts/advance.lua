#!lua flags=allow-oom
-- Moves a job's cursor and appends what it found out, or does neither: invariant 8.
--
-- It may write when the store is full: it lets the timeline be trimmed.
--
-- KEYS  1 head, 2 jobs, 3 timeline, 4 ingest
-- ARGV  1 the job, 2 its cursor before, 3 and after: epoch|seq|move, 4 the attempt's own name, then
--       the events' bytes
-- Reply 'moved', also to the same move again; 'conflict': the job stands elsewhere, or the commit
--       isn't of this history; or 'gone', 'ended': the room has no head, or was deleted

-- include enter
local head = redis.call('HMGET', KEYS[1], 'epoch', 'ended', 'cursor', 'seq', 'trimmed')
if head[2] then return 'ended' end
if not head[1] then return 'gone' end
local at = redis.call('HGET', KEYS[2], ARGV[1])
if at == ARGV[3] then return 'moved' end
if at ~= ARGV[2] then return 'conflict' end

local epoch, seq = ARGV[3]:match('^(.*)|(%d+)|')
local is_known = tonumber(seq) <= tonumber(head[5] or 0)
    or (epoch == head[1] and tonumber(seq) <= tonumber(head[4]))
if not is_known then
    local entry = redis.call('XRANGE', KEYS[3], seq .. '-0', seq .. '-0')[1]
    -- What a server that knew no jobs committed says no epoch.
    is_known = entry and (entry[2][4] or epoch) == epoch
end
if not is_known then return 'conflict' end
for i = 5, #ARGV do enter(KEYS[4], head[3], '', ARGV[i], ARGV[4]) end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 'moved'
