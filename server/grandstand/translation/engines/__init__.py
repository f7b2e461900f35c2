"""Engines: each turns a batch of texts into another language, in its own way."""
