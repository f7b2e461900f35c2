#!lua
-- Notes firings in the log. One that is over is never again waiting: of two processes that both
-- carry it out, the late one's word doesn't count. One that isn't over is kept, whatever else is
-- noted: who takes the room over must find it.
--
-- KEYS  1 firings, 2 those that are over by when they were due
-- ARGV  1 how many of those that are over are kept, then four for each: id, moment, 1 if it is over, the firing
-- Reply nothing
for i = 2, #ARGV, 4 do
    local id, at, is_over, firing = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
    local known = redis.call('HGET', KEYS[1], id)
    if not known or known:sub(1, 1) == '0' then
        redis.call('HSET', KEYS[1], id, is_over .. firing)
        if is_over == '1' then redis.call('ZADD', KEYS[2], at, id) end
    end
end
local too_many = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[1])
if too_many > 0 then
    for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, too_many - 1)) do
        redis.call('HDEL', KEYS[1], id)
        redis.call('ZREM', KEYS[2], id)
    end
end
return false
