#!lua flags=allow-oom
-- Commits what the sequencer made of the ingest stream up to a cursor: invariant 2.
--
-- It may write when the store is full: it is what makes room, since what it commits leaves the
-- ingest stream. What it adds is mostly what that stream held. Only rows of entities may be larger
-- than their updates: up to 4 KiB for 100 bytes, in the hash and once more in the envelope, which
-- the timeline keeps.
--
-- KEYS  1 head, 2 ingest, 3 timeline, 4 state, 5 record, 6 retracted, 7 held, 8 polls,
--       9 bars, 10 the polls' order, 11 jobs, 12 entities, then the comment buckets that ARGV[2]
--       names by their place
-- ARGV  1 the channel, 2 a msgpack map:
--       id, epoch, seq (the new one), offset, from (cursor before), cursor, now: strings
--       attempt: of the entry at the cursor, which is the last one that was read
--       envelope: bytes, keep and weigh: newest seqs kept in the timeline, and bytes of these, lag
--       and size: ms and bytes of it that are kept besides for a job, life: seconds that buckets live
--       state, polls, held, bars: [field, value]..., opens: [moment, poll id]..., forget: [held id...], lift: [user...],
--       retract: [comment id...], entities: [entity, row]...
--       rows: [bucket's place or 0, last character of the id, at, member]...
-- Reply {1} committed, {0} had been committed already, {-1, epoch, seq, cursor} the room is
--       elsewhere, or gone, or was deleted, or its segment of that programme time was sealed;
--       {-2} an entry that was read isn't here: it was read from another server, or was lost since

-- include trim
local STEPS = 100

local commit = cmsgpack.unpack(ARGV[2])
local at = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'cursor', 'commit', 'ended', 'sealed')
if at[5] then return {-1, at[1], at[2], at[3]} end
if at[1] == commit.epoch and at[2] == commit.seq and at[4] == commit.id then
    return {0}
end
local is_sealed = tonumber(commit.now) < tonumber(at[6] or 0)
if at[1] ~= commit.epoch or at[2] ~= commit.before or at[3] ~= commit.from or is_sealed then
    return {-1, at[1], at[2], at[3]}
end
if commit.cursor ~= commit.from then
    -- If the last one is here, so are all before it: entries come in their order, from one server.
    local last = redis.call('XRANGE', KEYS[2], commit.cursor, commit.cursor)[1]
    if not last or (last[2][6] or '') ~= commit.attempt then return {-2} end
end

local function put(key, pairs)
    for i = 1, #pairs, 2 do redis.call('HSET', key, pairs[i], pairs[i + 1]) end
end

put(KEYS[4], commit.state)
put(KEYS[8], commit.polls)
for i = 1, #commit.opens, 2 do
    redis.call('ZADD', KEYS[10], commit.opens[i], commit.opens[i + 1])
end
put(KEYS[7], commit.held)
put(KEYS[9], commit.bars)
put(KEYS[12], commit.entities)
for _, user in ipairs(commit.lift) do redis.call('HDEL', KEYS[9], user) end
for _, id in ipairs(commit.forget) do redis.call('HDEL', KEYS[7], id) end

local buckets = {}
for _, row in ipairs(commit.rows) do
    redis.call('ZADD', KEYS[5], row[3], row[4])
    if row[1] > 0 then
        local bucket = KEYS[12 + row[1]]
        redis.call('HSET', bucket, row[2], row[3])
        buckets[bucket] = true
    end
end
for bucket in pairs(buckets) do redis.call('EXPIRE', bucket, commit.life) end
for _, id in ipairs(commit.retract) do
    redis.call('SADD', KEYS[6], id)
    redis.call('EXPIRE', KEYS[6], commit.life)
end

redis.call('HSET', KEYS[1], 'seq', commit.seq, 'offset', commit.offset, 'cursor', commit.cursor,
    'now', commit.now, 'commit', commit.id)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local bytes = redis.call('HINCRBY', KEYS[1], 'bytes', #commit.envelope)
redis.call('XADD', KEYS[3], commit.seq .. '-0', 'e', commit.envelope,
    'p', commit.epoch, 't', now, 'b', bytes)
-- Up to the seq `older` the commits that follow have too many bytes; before `weighed` lies what had
-- been written when this was looked at, so it is looked at seldom where commits are small.
local known = redis.call('HMGET', KEYS[1], 'trimmed', 'older', 'weighed')
local trimmed, weighed = tonumber(known[1] or 0), tonumber(known[3] or 0)
local most = math.max(tonumber(commit.seq) - tonumber(commit.keep), tonumber(known[2] or 0))
if bytes - weighed > tonumber(commit.weigh) then
    most = math.max(most, trimmed)
    for _ = 1, STEPS do
        local after = string.format('(%.0f-0', most)
        local entry = redis.call('XRANGE', KEYS[3], after, '+', 'COUNT', 1)[1]
        weighed = tonumber(entry[2][8] or 0) - #entry[2][2]
        local seq = tonumber(entry[1]:match('%d+'))
        if bytes - weighed <= tonumber(commit.weigh) or seq == tonumber(commit.seq) then break end
        most = seq
    end
    redis.call('HSET', KEYS[1], 'older', string.format('%.0f', most),
        'weighed', string.format('%.0f', weighed))
end
if most > trimmed then
    local up_to = unclaimed(KEYS[11], trimmed, most)
    for _ = 1, up_to < most and STEPS or 0 do -- what a job lags behind too far goes nevertheless
        local after = string.format('(%.0f-0', up_to)
        local oldest = redis.call('XRANGE', KEYS[3], after, string.format('%.0f-0', most), 'COUNT', 1)[1]
        if not oldest then break end
        local fields = oldest[2]
        local age, size = now - tonumber(fields[6] or 0), bytes - tonumber(fields[8] or 0)
        if age <= tonumber(commit.lag) and size + #fields[2] <= tonumber(commit.size) then break end
        up_to = tonumber(oldest[1]:match('%d+'))
    end
    trim(KEYS[1], KEYS[3], trimmed, up_to)
end
if commit.cursor ~= commit.from then
    -- MINID keeps entries from its id on, so the one read last goes by itself.
    redis.call('XTRIM', KEYS[2], 'MINID', commit.cursor)
    redis.call('XDEL', KEYS[2], commit.cursor)
end
redis.call('SPUBLISH', ARGV[1], commit.envelope)
return {1}
