#!lua
-- Appends one micro-batch to a room's ingest stream: invariant 1.
--
-- KEYS  1 head, 2 ingest, 3 held, 4..7 ids of four periods: by the caller's clock the two before,
--       this and the next one; then one rate key per item
-- ARGV  1 first period of KEYS[4], 2 period in ms, 3 interval in ms, 4 burst,
--       5 backlog cap, 6 held cap, 7 ms by which the store's clock has jumped and isn't believed,
--       8 the attempt's own name, then three per item:
--       its message key; its kind (c comment, h held comment, r rejected comment, x control,
--       q only asks what became of the message before); the event's bytes (for r: the reason)
-- Reply 'gone' if the room has no head, 'ended' if it was deleted: nobody would read what is added.
--       Else one string per item: its kind and the comment id (c, h), the reason (r), nothing (x);
--       or l and the ms to wait (rate limited); o (overloaded); n (q: it had no effect yet).
--       A message key seen within the last period gets the same reply again, without effect.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000) - tonumber(ARGV[7])
local first, period = tonumber(ARGV[1]), tonumber(ARGV[2])
local interval, burst = tonumber(ARGV[3]), tonumber(ARGV[4])
local current = math.floor(now / period) - first
if current < 1 or current > 3 then
    return redis.error_reply('CLOCK the caller is more than a period away from the store')
end
local head = redis.call('HMGET', KEYS[1], 'epoch', 'ended', 'cursor')
if head[2] then return 'ended' end
if not head[1] then return 'gone' end
local ids, ids_before = KEYS[4 + current], KEYS[3 + current]
local room = tonumber(ARGV[5]) - redis.call('XLEN', KEYS[2])
local shelf = tonumber(ARGV[6]) - redis.call('HLEN', KEYS[3])

local digits = '0123456789abcdefghijklmnopqrstuvwxyz'
local function short(number)
    -- Base 36, led by a letter that tells the length, so that ids sort as their numbers do.
    local text = ''
    repeat
        local digit = number % 36
        text = digits:sub(digit + 1, digit + 1) .. text
        number = (number - digit) / 36
    until number == 0
    return string.char(96 + #text) .. text
end

local function known(key)
    local answer = redis.call('HGET', ids, key) or redis.call('HGET', ids_before, key)
    if not answer and ARGV[7] ~= '0' and current < 3 then
        -- Processes tell a jump to the ms each: at a border another may be a period ahead.
        answer = redis.call('HGET', KEYS[5 + current], key)
    end
    return answer
end

local function wait(key)
    -- The generic cell rate algorithm, as in domain/limits.py.
    if interval == 0 then return 0 end
    local arrival = math.max(tonumber(redis.call('GET', key) or 0), now) + interval
    local excess = arrival - now - interval * burst
    if excess > 0 then return excess end
    redis.call('SET', key, string.format('%.0f', arrival), 'PX', math.ceil(arrival - now))
    return 0
end

-- include enter
local replies, wrote = {}, false
for i = 0, (#ARGV - 8) / 3 - 1 do
    local key, kind, payload = ARGV[9 + i * 3], ARGV[10 + i * 3], ARGV[11 + i * 3]
    local reply = known(key)
    if not reply and kind == 'q' then
        reply = 'n'
    elseif not reply then
        local excess = 0
        if kind ~= 'x' then
            if (kind ~= 'r' and room <= 0) or (kind == 'h' and shelf <= 0) then
                reply = 'o'
            else
                excess = wait(KEYS[8 + i])
            end
        end
        if excess > 0 then
            reply = 'l' .. string.format('%.0f', math.ceil(excess))
        elseif not reply then
            if kind == 'r' then
                reply = 'r' .. payload
            else
                local id = ''
                if kind ~= 'x' then id = short(redis.call('HINCRBY', KEYS[1], 'next', 1)) end
                enter(KEYS[2], head[3], id, payload, ARGV[8])
                room = room - 1
                if kind == 'h' then shelf = shelf - 1 end
                reply = kind .. id
            end
            redis.call('HSET', ids, key, reply)
            wrote = true
        end
    end
    replies[#replies + 1] = reply
end
if wrote then redis.call('PEXPIRE', ids, period * 2) end
return replies
