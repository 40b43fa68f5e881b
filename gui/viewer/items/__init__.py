"""What lies over a slice, each an item of the scene."""
