"""The strip of slices below the image."""
