"""A robot reader's clicks: what guided correction brings, and the gate of a guide."""
