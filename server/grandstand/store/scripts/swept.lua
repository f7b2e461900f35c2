#!lua flags=allow-oom
-- Marks an ended room as swept. What is left of it is a mark that forgets itself.
--
-- KEYS  1 head
-- ARGV  1 when it ended, 2 seconds that the mark is kept
-- Reply 1, or 0 if this isn't the room that ended then: it was made anew
if redis.call('HGET', KEYS[1], 'ended') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'ended', ARGV[1], 'swept', '1')
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
