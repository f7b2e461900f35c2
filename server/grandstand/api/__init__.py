"""The HTTP side: what producers, moderators and viewers' pages ask for, and its documents."""
