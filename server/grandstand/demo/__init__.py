"""A show in a box: one process that serves a room and fills it with a crowd of its own."""
