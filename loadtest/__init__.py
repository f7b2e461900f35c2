"""Load from real sockets on loopback: what a room takes in, later what a viewer costs."""
