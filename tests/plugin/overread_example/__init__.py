"""A package that adds a network, a format, a layout and an engine to Overread."""
