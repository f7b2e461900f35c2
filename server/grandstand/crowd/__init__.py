"""Forecasts of an audience: its size and its comments, minutes ahead. Pure.

No server runs it yet: ``grandstand forecast`` does.
"""
