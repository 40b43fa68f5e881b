"""The window of Overread. Never imports torch: models run in a process of their own."""
