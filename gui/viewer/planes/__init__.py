"""Several views of a case: planes of one case, or masks of several models."""
