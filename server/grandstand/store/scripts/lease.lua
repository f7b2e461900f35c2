#!lua flags=allow-oom
-- Takes, keeps or gives back the lease of a room. It saves work; safety never rests on it.
--
-- KEYS  1 lease
-- ARGV  1 node, 2 ms to hold it (0 gives it back)
-- Reply 1 if the node holds it now, else 0
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
    redis.call('DEL', KEYS[1])
    return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
