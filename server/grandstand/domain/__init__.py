"""The rules of a room: pure functions and values. They take events and a time, and read no
clock."""
