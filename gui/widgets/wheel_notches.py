"""Whole notches of a mouse wheel, of wheels too that turn by parts of one."""

NOTCH = 120
"""By how much Qt says that a wheel turns from one notch to the next."""


class WheelNotches:
    """Adds up what a wheel has turned since its last whole notch."""

    def __init__(self) -> None:
        self._turned = 0

    def turn(self, by: int) -> int:
        """Return the whole notches that are complete now, away from the reader positive."""
        self._turned += by
        notches = int(self._turned / NOTCH)
        self._turned -= notches * NOTCH
        return notches
