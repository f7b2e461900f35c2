#!lua
-- Creates a room unless it is there; one whose head was lost is made anew: invariant 6.
--
-- KEYS  1 head, 2 state, 3 timeline, 4 record, 5 ingest, 6 held, 7 bars, 8 jobs
-- ARGV  1 the request's own id, 2 epoch, 3 salt, 4 the store's run id, 5 seq, 6 offset,
--       7 '1' if its comments' ids were in use before, 8 how many bars: user, bar, ...,
--       then the state: field, value, ...
-- Reply 1 if this request created it (also when it says so again), 0 if it exists, -1 if a room of
--       this name was deleted and isn't swept yet
--
-- What the store still has of a lost room stays, and comments that wait are sequenced after all. New
-- commits are numbered beyond those that jobs have read or have still to read.

-- include trim
local head = redis.call('HMGET', KEYS[1], 'made', 'epoch', 'ended', 'swept')
if head[2] and not head[3] then return head[1] == ARGV[1] and 1 or 0 end
if head[3] and not head[4] then return -1 end

local next_comment = '0'
if head[3] or ARGV[7] == '1' or redis.call('EXISTS', KEYS[4], KEYS[5], KEYS[6]) > 0 then
    -- Ids of before may be known to clients: the clock in us is beyond all numbers given out.
    local clock = redis.call('TIME')
    next_comment = string.format('%.0f', clock[1] * 1000000 + clock[2])
end
local seq, trimmed, bytes = tonumber(ARGV[5]), 0, '0'
local first = redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)[1]
if first then
    local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
    trimmed = tonumber(first[1]:match('%d+')) - 1
    seq = math.max(seq, tonumber(last[1]:match('%d+')))
    bytes = last[2][8] or '0'
end
for _, cursor in ipairs(redis.call('HVALS', KEYS[8])) do
    seq = math.max(seq, tonumber(cursor:match('|(%d+)|')))
end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'made', ARGV[1], 'epoch', ARGV[2], 'salt', ARGV[3], 'run', ARGV[4],
    'seq', string.format('%.0f', seq), 'offset', ARGV[6], 'cursor', '0-0', 'now', '0', 'commit', '',
    'next', next_comment, 'trimmed', trimmed, 'bytes', bytes)
trim(KEYS[1], KEYS[3], trimmed, unclaimed(KEYS[8], trimmed, seq))
local state = 9 + 2 * tonumber(ARGV[8])
for i = 9, state - 1, 2 do redis.call('HSET', KEYS[7], ARGV[i], ARGV[i + 1]) end
for i = state, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1
