#!lua
-- Creates a room unless it is there.
--
-- KEYS  1 head, 2 state
-- ARGV  1 the request's own id, 2 epoch, 3 salt, 4 the store's run id, 5 settings
-- Reply 1 if this request created it (also when it says so again), else 0
if redis.call('EXISTS', KEYS[1]) == 1 then
    if redis.call('HGET', KEYS[1], 'made') == ARGV[1] then return 1 end
    return 0
end
redis.call('HSET', KEYS[1], 'made', ARGV[1], 'epoch', ARGV[2], 'salt', ARGV[3], 'run', ARGV[4],
    'seq', '0', 'offset', '0', 'cursor', '0-0', 'now', '0', 'commit', '', 'next', '0')
redis.call('HSET', KEYS[2], 'settings', ARGV[5])
return 1
