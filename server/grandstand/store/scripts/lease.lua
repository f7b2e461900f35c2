#!lua flags=allow-oom
-- Takes, keeps or gives back the lease of a room. It saves work; safety never rests on it.
--
-- Beside it stands who took it last. Whoever takes a room that another has not given back counts
-- that one as lost. A holder that is only kept writes nothing there.
--
-- KEYS  1 lease, 2 holder
-- ARGV  1 node, 2 ms to hold it (0 gives it back),
--       3 '', or 'recovered': the holder survived what others were lost over,
--         or the cursor of an entry that the holder is about to take by itself
-- Reply -1 if the node doesn't hold it now, else how many holders were lost: over that entry,
--       where one is given
local DAY_S = 86400
local node, about = ARGV[1], ARGV[3]
local lease = redis.call('GET', KEYS[1])
if lease and lease ~= node then return -1 end
local last = redis.call('HMGET', KEYS[2], 'node', 'lost', 'tried', 'by', 'tries')
if ARGV[2] == '0' then
    redis.call('DEL', KEYS[1])
    if last[1] == node then redis.call('DEL', KEYS[2]) end
    return -1
end
redis.call('SET', KEYS[1], node, 'PX', ARGV[2])
local lost = tonumber(last[2] or 0)
if last[1] ~= node then
    if last[1] then lost = lost + 1 end
    redis.call('HSET', KEYS[2], 'node', node, 'lost', lost)
    redis.call('EXPIRE', KEYS[2], DAY_S)
end
if about == '' then return lost end
if about == 'recovered' then
    redis.call('HSET', KEYS[2], 'lost', 0)
    redis.call('HDEL', KEYS[2], 'tried', 'by', 'tries')
    return 0
end
local is_again = last[3] == about
local tries = is_again and tonumber(last[5]) or 0
if not is_again or last[4] ~= node then
    tries = tries + 1
    redis.call('HSET', KEYS[2], 'tried', about, 'by', node, 'tries', tries)
end
return tries - 1
