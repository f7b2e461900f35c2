"""Models of any kind: their files, a session, a queue before it, and their reload."""
