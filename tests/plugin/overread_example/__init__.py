"""A package that adds one network to Overread."""
