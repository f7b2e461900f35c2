#!lua flags=allow-oom
-- Lists a key that may sign; of keys that nodes made, the first stays. Again is the same.
--
-- KEYS  1 signing key, 2 signing keys
-- ARGV  1 the private key if this node made it, '' if a setting gives it; 2 its kid, 3 its public part
-- Reply the private key that nodes made, '' if a setting gives this one
if ARGV[1] ~= '' then
    local made = redis.call('GET', KEYS[1])
    if made and made ~= ARGV[1] then return made end
    redis.call('SETNX', KEYS[1], ARGV[1])
end
redis.call('HSETNX', KEYS[2], ARGV[2], ARGV[3])
return ARGV[1]
