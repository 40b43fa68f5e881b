"""Slices made ready to draw, without a widget: images enlarged, outlines, labels."""
