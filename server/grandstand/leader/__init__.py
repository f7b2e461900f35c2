"""The leader: the process that holds a room's lease, and its work for the room."""
