"""How a score is made."""

from typing import Literal

Protocol = Literal["native", "reference"]
