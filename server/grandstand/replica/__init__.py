"""Rooms as this process knows them: folded from commits, and the way to change them."""
