"""The edge: viewers' sockets, and what a viewer's message goes through before it is stored."""
