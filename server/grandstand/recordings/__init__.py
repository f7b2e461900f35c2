"""Recorded chats as files and bodies: our NDJSON, JSON, and Bilibili's XML. Pure."""
