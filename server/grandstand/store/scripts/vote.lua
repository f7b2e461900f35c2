#!lua
-- Casts a batch of votes in one shard of a poll: invariant 4.
--
-- KEYS  1 votes, 2 tally
-- ARGV  1 whether votes may change ('1'), 2 how often at most, then four per vote:
--       voter, id, choices (option indexes with commas), '1' if it lies in the poll's window
-- Reply one character per vote: + counted, = the same message again, 2 voted already, x too late,
--       g the shard was never opened, or the store has lost it: nobody would sum this vote
--
-- A voter's field is the last vote, `id|choices`, then the ids of those before, each after a `|`.

local change, most = ARGV[1] == '1', tonumber(ARGV[2])
local closed = redis.call('HEXISTS', KEYS[2], 'c') == 1
local opened = redis.call('HEXISTS', KEYS[2], 'o') == 1

local function tally(choices, by)
    for option in choices:gmatch('%d+') do redis.call('HINCRBY', KEYS[2], option, by) end
end

local function cast(voter, id, choices, in_window)
    local field = redis.call('HGET', KEYS[1], voter)
    if not field then
        if closed or not in_window then return 'x' end
        if not opened then return 'g' end
        redis.call('HSET', KEYS[1], voter, id .. '|' .. choices)
        redis.call('HINCRBY', KEYS[2], 'v', 1)
        tally(choices, 1)
        return '+'
    end
    local last, before, earlier = field:match('^([^|]*)|([^|]*)(.*)$')
    if last == id or (earlier .. '|'):find('|' .. id .. '|', 1, true) then return '=' end
    local _, changes = earlier:gsub('|', '')
    if not change or changes >= most then return '2' end
    if closed or not in_window then return 'x' end
    if not opened then return 'g' end
    tally(before, -1)
    tally(choices, 1)
    redis.call('HSET', KEYS[1], voter, id .. '|' .. choices .. '|' .. last .. earlier)
    return '+'
end

local replies = {}
for i = 3, #ARGV, 4 do
    replies[#replies + 1] = cast(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3] == '1')
end
return table.concat(replies)
