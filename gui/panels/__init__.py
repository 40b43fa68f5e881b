"""The regions around the image: each shows what it is given and says what was asked of it."""
