"""Polls: what is kept of one, its steps, its votes, and what viewers see of it."""
