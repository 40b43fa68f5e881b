"""The window of Overread. Never imports torch: models run in a process of their own."""

import sys

# pyqtgraph loads it where there is one, to draw numbers that lie on a graphics card. Ours do not,
# and the first picture would wait for it.
sys.modules.setdefault("cuda", None)  # type: ignore[arg-type] # bars it
