"""The window of Overread. Never imports torch: models run in a process of their own."""

import builtins
import sys

import PySide6.QtCore  # noqa: F401 - changes how Python imports, which is undone here

# PySide reads the source of every module that is imported after it, to see whether names are to be
# switched to snake_case there. Ours never are, and it was a seventh of the time that importing the
# window takes.
builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)

# pyqtgraph loads it where there is one, to draw numbers that lie on a graphics card. Ours do not,
# and the first picture would wait for it.
sys.modules.setdefault("cuda", None)  # type: ignore[arg-type] # bars it
