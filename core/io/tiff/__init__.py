"""TIFF: slices of the LGG layout, and stacks."""
