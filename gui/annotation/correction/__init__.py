"""The correction of the case on screen: begun, kept, undone, its versions."""
