"""Several models over the same cases, and the report of it."""
