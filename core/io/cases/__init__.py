"""One case: its files, its volume, its masks, read and written."""
