"""Services that an operator names: endpoints of models, and how they are asked."""
