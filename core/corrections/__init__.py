"""Corrections: the edits of a mask, their history and journal, versions and export."""
