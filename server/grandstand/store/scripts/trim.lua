-- Included by scripts that trim a room's timeline: invariant 7.
--
-- The head's ``trimmed`` is the seq up to which nothing is left. A job's cursor is
-- epoch|seq|move; one that was passed by has no claim until it moves.
local function unclaimed(jobs, trimmed, up_to)
    for _, cursor in ipairs(redis.call('HVALS', jobs)) do
        local seq = tonumber(cursor:match('|(%d+)|'))
        if seq >= trimmed and seq < up_to then up_to = seq end
    end
    return up_to
end

local function trim(head, timeline, trimmed, up_to)
    if up_to <= trimmed then return end
    redis.call('XTRIM', timeline, 'MINID', string.format('%.0f-0', up_to + 1))
    redis.call('HSET', head, 'trimmed', string.format('%.0f', up_to))
end
