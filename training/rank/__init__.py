"""Recipes ranked over the same folds."""
