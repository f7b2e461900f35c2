#!lua flags=allow-oom
-- Begins a new epoch: invariant 6. The numbers go on. Of the timeline stays what a job has still to
-- read.
--
-- KEYS  1 head, 2 timeline, 3 jobs
-- ARGV  1 the channel, 2 the epoch that is over, 3 the new one, 4 the store's run id,
--       5 at least this seq, 6 at least this offset, 7 the envelope, 8 programme time from now on, or ''
-- Reply the epoch in force, or nothing: the room has no head, or was deleted

-- include trim
local head = redis.call('HMGET', KEYS[1], 'epoch', 'ended', 'trimmed')
local epoch = head[1]
if not epoch or head[2] then return false end
if epoch ~= ARGV[2] then return epoch end
local at = redis.call('HMGET', KEYS[1], 'seq', 'offset')
local seq, trimmed = math.max(tonumber(at[1]), tonumber(ARGV[5])), tonumber(head[3] or 0)
redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'run', ARGV[4], 'seq', string.format('%.0f', seq),
    'offset', string.format('%.0f', math.max(tonumber(at[2]), tonumber(ARGV[6]))))
redis.call('HDEL', KEYS[1], 'sealed')
if ARGV[8] ~= '' then redis.call('HSET', KEYS[1], 'now', ARGV[8]) end
trim(KEYS[1], KEYS[2], trimmed, unclaimed(KEYS[3], trimmed, seq))
redis.call('SPUBLISH', ARGV[1], ARGV[7])
return ARGV[3]
