"""Servers that do nothing but fan out, each a process of its own that ``told`` starts and tells."""
