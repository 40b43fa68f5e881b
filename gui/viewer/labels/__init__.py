"""The labels and regions of a case: drawn, listed, edited."""
