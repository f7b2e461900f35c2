#!lua flags=allow-oom
-- Tells when a room was ended. It runs as writes do, so that the answer is as durable as they are.
--
-- KEYS  1 head
-- Reply the moment in ms, or nothing: the room lives, or isn't there
return redis.call('HGET', KEYS[1], 'ended')
