"""The view of one slice: picture, pointer, words in its corners."""
