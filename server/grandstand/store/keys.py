"""All keys in the store: name, content, and when they end.

All keys that one script uses have the same hash tag, so they are in one slot of a cluster:
``{room}`` for a room, ``{room:poll:shard}`` for a shard of a poll's votes. Room ids are lower-case
letters, digits, ``-`` and ``_``, so a tag can't be forged.

| key | type | holds | ends |
| --- | --- | --- | --- |
| ``gs:rooms`` | set | room ids | |
| ``gs:{*}:fingerprints`` | hash | node to the fingerprint of its secrets and the time of writing | removed by readers |
| ``gs:{*}:nodes`` | hash | process to the viewers that it lets in a second, ``stays`` or ``leaves``, and the time of writing | removed by readers |
| ``gs:{*}:houses`` | hash | process to its seats, its viewers, its advice and what it did (``store.houses``) | removed by readers |
| ``gs:{*}:revoked`` | hash | ``jti:…`` or ``sub:…`` to ``at:until``, ``v`` version | when lifted, or to make room once expired |
| ``gs:{*}:signing-key`` | string | the key that signs results, 32 secret bytes, unless a setting gives one | |
| ``gs:{*}:signing-keys`` | hash | ``kid`` to ``x`` of every key that signed or may sign | |
| ``gs:{*}:assistant`` | hash | ``off``: since when the assistant is switched off in all rooms, ms | when switched on |
| ``gs:{*recommendations}:alikeness`` | hash | ``name``, and ``packed`` weights between things (``recommendations.bulletin``) | ten minutes after it was kept |
| ``gs:{*recommendations}:lease`` ``holder`` | as those of a room | the process that recommends | |
| ``gs:{*recommendations}:bus`` ``gs:{*follows}:bus`` ``gs:{*inquiries}:bus`` | sharded channels | bulletins of live rooms; samples of what people follow; questions about one viewer | |
| ``gs:awake`` | sorted set | room to the moment from which it needs a sequencer, ms | when it rests |
| ``gs:{room}:head`` | hash | ``epoch`` ``seq`` ``offset`` ``cursor`` ``now`` ``commit`` of the last commit, ``next`` comment number, ``salt``, ``run`` (the history of the server that it began at), ``made``, ``trimmed`` (seq up to which the timeline is), ``bytes`` of all envelopes; of a deleted room ``ended`` (ms) and, once nothing else is left of it, ``swept`` | a day after it was swept |
| ``gs:{room}:ingest`` | stream | ``c`` comment id or empty, ``e`` event, ``a`` name of the call that made it | trimmed by the commit that read it |
| ``gs:{room}:ids:<n>`` | hash | message key to answer, of the n-th five minutes | ten minutes after its last |
| ``gs:{room}:rate:<user>`` | string | GCRA arrival time, ms | when it is in the past |
| ``gs:{room}:state`` | hash | one field for each part of the room's state, and ``rundown_items`` | |
| ``gs:{room}:timeline`` | stream | id ``<seq>-0``, ``e`` envelope, ``p`` its epoch, ``t`` when, ms, ``b`` bytes of all envelopes up to it | the last 600, and what a job has still to read, within bounds |
| ``gs:{room}:jobs`` | hash | job to its cursor, ``epoch|seq|move`` | |
| ``gs:{room}:entities`` | hash | entity to its row (``domain.entities``) | |
| ``gs:{room}:effects`` | hash | effect id to effect | when removed |
| ``gs:{room}:effect-secrets`` | hash | effect id to the secrets of its actions | with the effect |
| ``gs:{room}:firings`` | hash | firing id to 0 or 1 (it is over) and the firing | the last 1,000, and what isn't over |
| ``gs:{room}:firing-order`` | sorted set | id of a firing that is over by when it was due | the last 1,000 |
| ``gs:{room}:highlights`` | sorted set | by when they were noticed: highlights | ``record_retention`` |
| ``gs:{room}:heat`` | sorted set | by its number: the heat of each second of a minute | ``record_retention`` |
| ``gs:{room}:highlight-memory`` | hash | ``seq`` up to which the job has counted, ``memory`` by which another goes on | |
| ``gs:{room}:record`` | sorted set | by ``at``: every accepted comment | ``record_retention`` |
| ``gs:{room}:at:<id but its last character>`` | hash | last character to ``at`` | ``record_retention`` and an hour |
| ``gs:{room}:retracted`` | set | comment ids | ``record_retention`` after its last |
| ``gs:{room}:held`` | hash | comment id to held comment | when decided |
| ``gs:{room}:bars`` | hash | user to mute or ban | when lifted, or a while after its end |
| ``gs:{room}:polls`` | hash | poll id to poll | |
| ``gs:{room}:poll-order`` | sorted set | poll id by ``opens_at`` | |
| ``gs:{room}:translations:<n>`` | hash | of the n-th five minutes: digest of language and text to its translation | five minutes after these |
| ``gs:{room}:translated`` | hash | language to the characters that were sent to translators | six hours after the last |
| ``gs:{room}:assistant`` | hash | ``feature|what`` to how often, or to the latest; what people did with a model's suggestions | |
| ``gs:{room}:assisted`` | string | characters of the assistant's requests and answers | six hours after the last |
| ``gs:{room}:suggestion:<id>`` ``gs:{room}:suggestion:<id>:outcome`` | string | a suggestion's feature; what a person did with it | a day later |
| ``gs:{room}:edges`` | hash | node to its number of viewers and the time of writing | removed by readers |
| ``gs:{room}:followers:<node>`` | hash | entity to those who follow it there | 15 seconds after the node's last word |
| ``gs:{room}:gauges`` | string | ``[lurkers, excitement]`` | 15 seconds after the leader's last word |
| ``gs:{room}:audience`` | hash | node to its report of viewers' playheads and the time of writing | removed by readers |
| ``gs:{room}:crowd`` | hash | hour since 1970 to its viewers and comments by the minute (``crowd.live_curve``); ``latest`` forecast | 8 days after its last |
| ``gs:{room}:lease`` | string | node that sequences | 1.5 seconds |
| ``gs:{room}:holder`` | hash | ``node`` that took the lease last, ``lost`` holders that never gave it back; ``tried``, ``by``, ``tries``: the entry that was last taken by itself, by which node, and how many tried it in a row | when the lease is given back, or after a day |
| ``gs:{…}:beat:<node>`` | string | nothing: a write for ``WAIT`` to wait for, in the slot of the writes before it | a minute |
| ``gs:{room}:bus`` | sharded channel | envelopes | |
| ``gs:{room:poll:shard}:votes`` | hash | voter to ``id|choices`` or ``id|choices*weight``, and earlier ids | retention, once final |
| ``gs:{room:poll:shard}:tally`` | hash | option to votes, ``v`` voters, ``o`` opened, ``c`` closed | retention, once final |
| ``gs:{room:poll:0}:salt`` | string | 16 secret bytes that make voter tags | with the votes |
| ``gs:{room:poll:shard}:leaves`` | hash | every n-th block of the recounted votes; in shard 0 ``i``, the index of the tree | with the votes |
| ``gs:{room:poll:shard}:fastest`` | sorted set | of a quiz: voter with the right answer by ms from the opening | retention, once final |
| ``gs:{room:poll:shard}:names`` | hash | voter of those to name | retention, once final |
"""  # noqa: E501

from __future__ import annotations

ROOMS = "gs:rooms"
AWAKE = "gs:awake"

EVERYWHERE = "*"
"""Stands in place of a room in keys that concern all rooms; no room has such an id."""

RECOMMENDATIONS = "*recommendations"
FOLLOWS = "*follows"
INQUIRIES = "*inquiries"
"""Stand in place of a room, too: in the lease of what one process does for all rooms, and in
channels."""

SHOW_S = 21_600
"""A show has ended when nothing was sent for so long, to translators or to the assistant's model:
its sums of characters go."""

RUNDOWN_ITEMS = "rundown_items"
"""The field of a room's state with the items of its run-down, which no replica loads."""

FINGERPRINTS = f"gs:{{{EVERYWHERE}}}:fingerprints"
NODES = f"gs:{{{EVERYWHERE}}}:nodes"
HOUSES = f"gs:{{{EVERYWHERE}}}:houses"
REVOKED = f"gs:{{{EVERYWHERE}}}:revoked"
SIGNING_KEY = f"gs:{{{EVERYWHERE}}}:signing-key"
SIGNING_KEYS = f"gs:{{{EVERYWHERE}}}:signing-keys"
ASSISTANT = f"gs:{{{EVERYWHERE}}}:assistant"


def room_key(room: str, name: str) -> str:
    """Return a key in the slot of ``room``."""
    return f"gs:{{{room}}}:{name}"


ALIKENESS = room_key(RECOMMENDATIONS, "alikeness")


def head(room: str) -> str:
    """Return the key of the room's position."""
    return room_key(room, "head")


def ingest(room: str) -> str:
    """Return the key of the events that have entered the room and aren't sequenced yet."""
    return room_key(room, "ingest")


def ids(room: str, period: int) -> str:
    """Return the key of the answers to the messages of one five-minute period."""
    return room_key(room, f"ids:{period}")


def rate(room: str, user: str) -> str:
    """Return the key of a viewer's comment rate, over all connections and nodes."""
    return room_key(room, f"rate:{user}")


def state(room: str) -> str:
    """Return the key of the room's state, which has a field per part."""
    return room_key(room, "state")


def timeline(room: str) -> str:
    """Return the key of the last commits."""
    return room_key(room, "timeline")


def jobs(room: str) -> str:
    """Return the key of the jobs' cursors."""
    return room_key(room, "jobs")


def entities(room: str) -> str:
    """Return the key of the rows of the room's entities."""
    return room_key(room, "entities")


def effects(room: str) -> str:
    """Return the key of the room's effects."""
    return room_key(room, "effects")


def effect_secrets(room: str) -> str:
    """Return the key of the effects' secrets."""
    return room_key(room, "effect-secrets")


def firings(room: str) -> str:
    """Return the key of the effects' firings."""
    return room_key(room, "firings")


def firing_order(room: str) -> str:
    """Return the key of the firings' order."""
    return room_key(room, "firing-order")


def highlights(room: str) -> str:
    """Return the key of the room's highlights."""
    return room_key(room, "highlights")


def heat(room: str) -> str:
    """Return the key of the room's heat line."""
    return room_key(room, "heat")


def highlight_memory(room: str) -> str:
    """Return the key of what the job that finds highlights remembers."""
    return room_key(room, "highlight-memory")


def record(room: str) -> str:
    """Return the key of all accepted comments by programme time."""
    return room_key(room, "record")


def at_of(room: str, comment_id: str) -> str:
    """Return the key of the bucket with a comment's programme time; its field is the id's last
    character."""
    return room_key(room, f"at:{comment_id[:-1]}")


def retracted(room: str) -> str:
    """Return the key of the ids of retracted comments."""
    return room_key(room, "retracted")


def held(room: str) -> str:
    """Return the key of the comments that wait for a moderator."""
    return room_key(room, "held")


def sanctions(room: str) -> str:
    """Return the key of the mutes and bans."""
    return room_key(room, "bars")


def polls(room: str) -> str:
    """Return the key of all polls of the room, ended ones too."""
    return room_key(room, "polls")


def poll_order(room: str) -> str:
    """Return the key of the ids of all polls, in the order in which they open."""
    return room_key(room, "poll-order")


def translations(room: str, period: int) -> str:
    """Return the key of what was translated in one period of five minutes."""
    return room_key(room, f"translations:{period}")


def translated(room: str) -> str:
    """Return the key of how many characters were sent to translators, by language."""
    return room_key(room, "translated")


def assistant(room: str) -> str:
    """Return the key of how a model's suggestions fared."""
    return room_key(room, "assistant")


def assisted(room: str) -> str:
    """Return the key of how many characters of suggestions the show has sent and received."""
    return room_key(room, "assisted")


def suggestion(room: str, suggestion_id: str) -> str:
    """Return the key of a suggestion's feature."""
    return room_key(room, f"suggestion:{suggestion_id}")


def suggestion_outcome(room: str, suggestion_id: str) -> str:
    """Return the key of what a person did with a suggestion."""
    return room_key(room, f"suggestion:{suggestion_id}:outcome")


def edges(room: str) -> str:
    """Return the key of the number of viewers per node."""
    return room_key(room, "edges")


def followers(room: str, node: str) -> str:
    """Return the key of how many viewers of a node follow each entity."""
    return room_key(room, f"followers:{node}")


def gauges(room: str) -> str:
    """Return the key of what the room's leader alone knows of it."""
    return room_key(room, "gauges")


def audience(room: str) -> str:
    """Return the key of what each node knows of its viewers' playheads."""
    return room_key(room, "audience")


def crowd(room: str) -> str:
    """Return the key of the room's audience by the minute, and of its forecast."""
    return room_key(room, "crowd")


def lease(room: str) -> str:
    """Return the key of the node that sequences the room."""
    return room_key(room, "lease")


def holder(room: str) -> str:
    """Return the key of the last node that took the room, and of how many before it were lost."""
    return room_key(room, "holder")


def bus(room: str) -> str:
    """Return the name of the room's sharded pub/sub channel."""
    return room_key(room, "bus")


def votes(room: str, poll: str, shard: int) -> str:
    """Return the key of who voted what, in one shard."""
    return f"gs:{{{room}:{poll}:{shard}}}:votes"


def tally(room: str, poll: str, shard: int) -> str:
    """Return the key of one shard's sums and its closed mark."""
    return f"gs:{{{room}:{poll}:{shard}}}:tally"


def salt(room: str, poll: str) -> str:
    """Return the key of what makes voter tags of a poll."""
    return f"gs:{{{room}:{poll}:0}}:salt"


def leaves(room: str, poll: str, shard: int) -> str:
    """Return the key of one shard's part of the recounted votes."""
    return f"gs:{{{room}:{poll}:{shard}}}:leaves"


def fastest(room: str, poll: str, shard: int) -> str:
    """Return the key of who answered a quiz rightly, and how fast, in one shard."""
    return f"gs:{{{room}:{poll}:{shard}}}:fastest"


def names(room: str, poll: str, shard: int) -> str:
    """Return the key of the names of the fastest, in one shard."""
    return f"gs:{{{room}:{poll}:{shard}}}:names"


def beat(tag: str, node: str) -> str:
    """Return the key that is written before a node is asked for its confirmation. Its name has the
    node's: a slot that migrates must find no key of the same name at its new node."""
    return f"gs:{{{tag}}}:beat:{node}"


OF_A_SHARD = (votes, tally, fastest, names, leaves)
"""All that a shard of a poll may have."""
