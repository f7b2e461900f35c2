#!lua flags=allow-oom
-- Keeps what a room's audience stirred at, and what the job that finds it remembers: all of it, or
-- nothing if another process has counted further.
--
-- A highlight takes the place of the one that was noticed at the same moment, a minute that of the
-- same number; an empty row only removes. Again has no effect.
--
-- KEYS  1 head, 2 memory, 3 highlights, 4 heat
-- ARGV  1 the seq up to which commits were counted, 2 the memory, or '' to keep the one that is there,
--       3 the moment (ms) and 4 the minute before which all is forgotten, 5 how many highlights are
--       kept, 6 how many minutes follow, then each as number and row, then each highlight as moment
--       and row
-- Reply 1; 0: another process has counted further; -1: the room has no head; -2: it was deleted
local head = redis.call('HMGET', KEYS[1], 'epoch', 'ended', 'seq')
if head[2] then return -2 end
if not head[1] then return -1 end
if ARGV[2] ~= '' then
    local seq = redis.call('HGET', KEYS[2], 'seq')
    -- One beyond the room is of a history that was lost.
    local is_known = seq and tonumber(seq) <= tonumber(head[3])
    if is_known and tonumber(seq) > tonumber(ARGV[1]) then return 0 end
    redis.call('HSET', KEYS[2], 'seq', ARGV[1], 'memory', ARGV[2])
end

local function put(key, place, row)
    redis.call('ZREMRANGEBYSCORE', key, place, place)
    if row ~= '' then redis.call('ZADD', key, place, row) end
end

local minutes = tonumber(ARGV[6])
for i = 7, #ARGV, 2 do
    put((i - 7) / 2 < minutes and KEYS[4] or KEYS[3], ARGV[i], ARGV[i + 1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', '(' .. ARGV[4])
redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -1 - tonumber(ARGV[5]))
return 1
