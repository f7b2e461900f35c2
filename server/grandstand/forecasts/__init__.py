"""What forecast models are asked of a match: its stats, made of names, dates, scores and balls."""
