"""Locust's users, and what those of one process share."""
