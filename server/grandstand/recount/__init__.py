"""The recount of final polls: a leader job, and the process that does the larger ones."""
