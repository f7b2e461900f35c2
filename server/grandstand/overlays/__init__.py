"""What is shown about the room itself: the pulse and stats cards; later highlights and
forecasts."""
