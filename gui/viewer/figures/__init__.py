"""Counts and measures of the masks of the case on screen, made on workers."""
