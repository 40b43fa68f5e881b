"""One module a file format, and the atomic write all of them use."""
