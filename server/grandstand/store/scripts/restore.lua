#!lua flags=allow-oom
-- Puts back revocations that the store has lost. Again is the same.
--
-- KEYS  1 revoked
-- ARGV  1 the channel, 2 what is published, 3 the version at which they were known,
--       then two for each: the field (kind:value), at:until
-- Reply nothing. One that the store has stays as it is there.
local is_new = false
for i = 4, #ARGV, 2 do
    if redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) == 1 then is_new = true end
end
if is_new then
    local version = math.max(tonumber(redis.call('HGET', KEYS[1], 'v') or 0), tonumber(ARGV[3]))
    redis.call('HSET', KEYS[1], 'v', string.format('%.0f', version + 1))
    redis.call('SPUBLISH', ARGV[1], ARGV[2])
end
return false
