#!lua flags=allow-oom
-- Promises that no commit of an earlier programme time will come in this epoch: invariant 2.
--
-- KEYS  1 head
-- ARGV  1 the epoch, 2 programme time in ms, 3 by how many ms the room's clock is behind the store's
-- Reply the last seq, or nothing: the room is in another epoch, has no head, was deleted, or the
--       time lies ahead of the store's clock: a caller whose clock is wrong must not push the room's
local head = redis.call('HMGET', KEYS[1], 'epoch', 'ended', 'seq', 'sealed')
if head[1] ~= ARGV[1] or head[2] then return false end
local clock = redis.call('TIME')
if tonumber(ARGV[2]) > clock[1] * 1000 + clock[2] / 1000 - tonumber(ARGV[3]) then return false end
if tonumber(ARGV[2]) > tonumber(head[4] or 0) then
    redis.call('HSET', KEYS[1], 'sealed', ARGV[2])
end
return head[3]
