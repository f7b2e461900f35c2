"""Cards that nobody has to write: rules find them in the stats that a feed sends."""
