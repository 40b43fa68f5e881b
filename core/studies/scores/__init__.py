"""One model over cases: its masks scored, and what an evaluation says."""
