"""Viewers from outside: clients of any server, by its address and its messages alone."""
