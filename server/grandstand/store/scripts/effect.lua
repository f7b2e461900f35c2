#!lua
-- Puts or removes an effect, its secrets apart.
--
-- KEYS  1 effects, 2 secrets
-- ARGV  1 the effect's id, 2 the effect ('' removes it), 3 its secrets, 4 how many there may be
-- Reply 1 if it is new (or was removed), 0 if it was there (or wasn't), -1 there are too many
if ARGV[2] == '' then
    redis.call('HDEL', KEYS[2], ARGV[1])
    return redis.call('HDEL', KEYS[1], ARGV[1])
end
local is_new = redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0
if is_new and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return -1 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return is_new and 1 or 0
