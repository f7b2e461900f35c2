"""One per room at a time: reads what entered the room, makes frames of it, commits them."""
