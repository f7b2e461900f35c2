#!lua
-- Revokes tokens, or lifts a revocation. Again is the same.
--
-- KEYS  1 revoked
-- ARGV  1 the channel, 2 the field (kind:value), 3 until when it is kept, ms; in the past lifts it,
--       4 most revocations, 5 what is published
-- Reply 1, or 0 if there are too many already

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local VERSION = 'v'

if tonumber(ARGV[3]) <= now then
    redis.call('HDEL', KEYS[1], ARGV[2])
else
    local most = tonumber(ARGV[4])
    local function is_full()
        return redis.call('HLEN', KEYS[1]) - redis.call('HEXISTS', KEYS[1], VERSION) >= most
    end
    if redis.call('HEXISTS', KEYS[1], ARGV[2]) == 0 and is_full() then
        local all = redis.call('HGETALL', KEYS[1])
        for i = 1, #all, 2 do
            local over = all[i] ~= VERSION and tonumber(all[i + 1]:match(':(%d+)$')) <= now
            if over then redis.call('HDEL', KEYS[1], all[i]) end
        end
        if is_full() then return 0 end
    end
    redis.call('HSET', KEYS[1], ARGV[2], string.format('%.0f', now) .. ':' .. ARGV[3])
end
redis.call('HINCRBY', KEYS[1], VERSION, 1)
redis.call('SPUBLISH', ARGV[1], ARGV[5])
return 1
