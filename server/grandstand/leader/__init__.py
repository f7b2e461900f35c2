"""Who holds a room's lease, and what that process does for the room."""
