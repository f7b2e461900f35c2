"""Feeds of stats made of published results, and what the card rules make of them."""
