"""The edge: viewers' sockets, and the steps of a viewer's message before it is stored."""
