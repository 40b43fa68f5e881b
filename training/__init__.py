"""Training: the entry point of a job and its parts. Never imports Qt, never imports gui."""
