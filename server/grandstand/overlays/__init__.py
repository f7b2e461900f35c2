"""What is shown about the room itself: the pulse; later stats, highlights, forecasts."""
