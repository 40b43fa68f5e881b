"""Guided clicks: their preview, their film, their list."""
