"""Training of classifiers: slices that hold a lesion or not, and pictures in folders a class."""
