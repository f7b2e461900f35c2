-- Included by scripts that append to a room's ingest stream.
--
-- A stream that was lost forgets its last id. If the clock was set back besides, new entries would
-- lie before the cursor, where nobody reads them. The first entry of a script is looked at.
local function later(id, cursor)
    local ms, seq = id:match('(%d+)-(%d+)')
    local cursor_ms, cursor_seq = cursor:match('(%d+)-(%d+)')
    ms, cursor_ms = tonumber(ms), tonumber(cursor_ms)
    return ms > cursor_ms or (ms == cursor_ms and tonumber(seq) > tonumber(cursor_seq))
end

local is_behind_cursor = false
--
-- `attempt` is the call's own: by it and its id an entry is known from one that another server took.
local function enter(ingest, cursor, comment, payload, attempt)
    local entry = redis.call('XADD', ingest, '*', 'c', comment, 'e', payload, 'a', attempt)
    if not is_behind_cursor and not later(entry, cursor) then
        redis.call('XDEL', ingest, entry)
        local ms, seq = cursor:match('(%d+)-(%d+)')
        local next = ms .. '-' .. string.format('%.0f', seq + 1)
        redis.call('XADD', ingest, next, 'c', comment, 'e', payload, 'a', attempt)
    end
    is_behind_cursor = true
end
