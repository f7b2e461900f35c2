"""Which live rooms a viewer is told of, and why: alikeness of things, ranking, reasons. Pure.

No server runs it yet: ``grandstand recommend`` does.
"""
