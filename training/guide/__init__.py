"""Training of guides: networks that heed the clicks of a reader."""
