#!lua flags=allow-oom
-- Puts emptied rows of the record in the place of what they were. Again has no effect.
--
-- KEYS  1 head, 2 record
-- ARGV  three per row: its moment, the row, the emptied row
-- Reply how many were emptied: none in a room that has no head, or was deleted
local head = redis.call('HMGET', KEYS[1], 'epoch', 'ended')
if not head[1] or head[2] then return 0 end
local emptied = 0
for i = 1, #ARGV, 3 do
    if redis.call('ZREM', KEYS[2], ARGV[i + 1]) == 1 then
        redis.call('ZADD', KEYS[2], ARGV[i], ARGV[i + 2])
        emptied = emptied + 1
    end
end
return emptied
