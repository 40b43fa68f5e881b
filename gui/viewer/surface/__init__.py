"""Masks as surfaces: their making, their drawing without a window, their pane."""
