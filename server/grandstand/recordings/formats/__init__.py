"""Formats of recorded chats, a file for each: ours and those of others. Pure."""
