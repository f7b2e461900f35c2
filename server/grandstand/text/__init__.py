"""Text as people write it, and as rules, merging and models look at it. Pure."""
