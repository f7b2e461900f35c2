"""The commands, one module each; ``cli`` lists them."""
