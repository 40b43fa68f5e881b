"""Searches over settings: trials as units, and the best of them."""
