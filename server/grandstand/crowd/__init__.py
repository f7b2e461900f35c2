"""Forecasts of an audience: its size and its comments, minutes ahead. Pure."""
