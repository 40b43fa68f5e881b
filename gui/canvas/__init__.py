"""One slice view: image, overlays and the words in its corners; pointer to voxel."""
