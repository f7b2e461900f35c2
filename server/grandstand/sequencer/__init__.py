"""The sequencer, one per room at a time: reads what entered the room, makes frames, commits
them."""
