"""The drawing tools: what the pointer does on the slice becomes edits."""
