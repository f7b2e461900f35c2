"""From bytes to whole messages and back: connections, handshakes, frames, and their limits."""
