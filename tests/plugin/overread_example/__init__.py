"""A package that adds a network, a format and a layout to Overread."""
