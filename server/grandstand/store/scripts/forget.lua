#!lua flags=allow-oom
-- Trims the timeline up to a commit, though it would be kept for longer: an erasure is behind it.
--
-- KEYS  1 head, 2 timeline, 3 jobs
-- ARGV  1 the seq, 2 '1' if what a job has still to read goes, too: invariant 7
-- Reply the seq up to which nothing is left, or nothing: the room has no head, or was deleted

-- include trim
local head = redis.call('HMGET', KEYS[1], 'seq', 'ended', 'trimmed')
if not head[1] or head[2] then return false end
local trimmed, up_to = tonumber(head[3] or 0), math.min(tonumber(ARGV[1]), tonumber(head[1]))
if ARGV[2] ~= '1' then up_to = unclaimed(KEYS[3], trimmed, up_to) end
trim(KEYS[1], KEYS[2], trimmed, up_to)
return math.max(trimmed, up_to)
