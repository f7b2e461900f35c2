"""The kinds of actions, one file each, behind the interface in ``kind``."""
