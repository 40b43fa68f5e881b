"""What is learnt from: cases in memory, corrections, teachers, and who judges."""
