"""The archive: a room's segments, for as long as its record is kept."""
