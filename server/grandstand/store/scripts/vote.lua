#!lua
-- Casts a batch of votes in one shard of a poll: invariant 4.
--
-- KEYS  1 votes, 2 tally; of a race (a quiz) also 3 fastest, 4 names
-- ARGV  1 whether votes may change ('1'), 2 how often at most, 3 the votes as one msgpack array,
--       four items each: voter, id, vote (option indexes with commas, and `*weight` unless that is
--       1), whether it lies in the poll's window
--       Of a race 4 is the right option, 5 how many of the fastest are kept if votes don't change,
--       and each vote has two more: ms from the opening to the vote, and the voter's name.
-- Reply one character per vote: + counted, = the same message again, 2 voted already, x too late,
--       g the shard was never opened, or the store has lost it: nobody would sum this vote
--
-- A voter's field is the last vote, `id|vote`, then the ids of those before, each after a `|`.
-- What the batch changes is written at its end, so that each key is written once.

local change, most = ARGV[1] == '1', tonumber(ARGV[2])
local race = KEYS[3] ~= nil
local votes, stride = cmsgpack.unpack(ARGV[3]), race and 6 or 4
local marks = redis.call('HMGET', KEYS[2], 'c', 'o')
local closed, opened = marks[1] ~= false, marks[2] ~= false

local voters = {}
for i = 1, #votes, stride do voters[#voters + 1] = votes[i] end
local fields = {}
for i, field in ipairs(redis.call('HMGET', KEYS[1], unpack(voters))) do fields[voters[i]] = field end

local changed, heads, sums = {}, 0, {}

local function tally(vote, sign)
    local choices, weight = vote:match('^([^*]*)%*?(%d*)$')
    for option in choices:gmatch('%d+') do
        sums[option] = (sums[option] or 0) + sign * (tonumber(weight) or 1)
    end
end

local function cast(voter, id, vote, in_window)
    local field = fields[voter]
    if not field then
        if closed or not in_window then return 'x' end
        if not opened then return 'g' end
        heads = heads + 1
        changed[voter] = id .. '|' .. vote
    else
        local last, before, earlier = field:match('^([^|]*)|([^|]*)(.*)$')
        if last == id or (earlier .. '|'):find('|' .. id .. '|', 1, true) then return '=' end
        local _, changes = earlier:gsub('|', '')
        if not change or changes >= most then return '2' end
        if closed or not in_window then return 'x' end
        if not opened then return 'g' end
        tally(before, -1)
        changed[voter] = id .. '|' .. vote .. '|' .. last .. earlier
    end
    tally(vote, 1)
    fields[voter] = changed[voter]
    return '+'
end

local replies, right, wrong = {}, {}, {}
for i = 1, #votes, stride do
    local voter, vote = votes[i], votes[i + 2]
    local reply = cast(voter, votes[i + 1], vote, votes[i + 3])
    replies[#replies + 1] = reply
    if race and reply == '+' then
        local is_right = vote:match('^%d+') == ARGV[4] and not vote:find(',', 1, true)
        right[voter] = is_right and i + 4 or nil
        wrong[voter] = not is_right or nil
    end
end

local function call(command, key, values)
    if #values > 0 then redis.call(command, key, unpack(values)) end
end

local written = {}
for voter, field in pairs(changed) do
    written[#written + 1] = voter
    written[#written + 1] = field
end
call('HSET', KEYS[1], written)
if heads > 0 then redis.call('HINCRBY', KEYS[2], 'v', heads) end
for option, by in pairs(sums) do
    if by ~= 0 then redis.call('HINCRBY', KEYS[2], option, by) end
end

if race then
    local kept, scores, names, gone = tonumber(ARGV[5]), {}, {}, {}
    local last = change and {} or redis.call('ZRANGE', KEYS[3], kept - 1, kept - 1, 'WITHSCORES')
    for voter, i in pairs(right) do
        if not last[2] or votes[i] <= tonumber(last[2]) then
            scores[#scores + 1] = votes[i]
            scores[#scores + 1] = voter
            names[#names + 1] = voter
            names[#names + 1] = votes[i + 1]
        end
    end
    call('ZADD', KEYS[3], scores)
    call('HSET', KEYS[4], names)
    for voter in pairs(wrong) do gone[#gone + 1] = voter end
    if not change then gone = redis.call('ZRANGE', KEYS[3], kept, -1) end
    call('ZREM', KEYS[3], gone)
    call('HDEL', KEYS[4], gone)
end
return table.concat(replies)
