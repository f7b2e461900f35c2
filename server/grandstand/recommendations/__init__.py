"""Which live rooms a viewer is told of, and why: alikeness of things, ranking, reasons; and the
forms in which one process tells the others of it. Pure."""
