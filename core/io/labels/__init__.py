"""What the values of masks mean: labels, tables beside files, folders a label."""
