"""The kinds of polls, one file each, behind the interface in ``kind``."""
