"""Cross-validation by patient: folds as units, and what they say together."""
