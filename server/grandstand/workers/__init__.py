"""One server in several processes on one port, for a machine with more than one core."""
