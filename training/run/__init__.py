"""One training from its settings to a candidate model: loop, checkpoints, events, publishing."""
