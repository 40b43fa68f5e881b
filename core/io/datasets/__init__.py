"""Folders of cases: found, organised, copied, converted."""
