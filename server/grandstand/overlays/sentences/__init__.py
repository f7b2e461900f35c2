"""What a card says, in the viewer's language."""
