"""What may be said: rules, scorer and policy, from a text to show, hold or reject."""
