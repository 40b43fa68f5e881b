"""What the bundle starts: Overread, or a module of it for a process of ours.

A bundle has no Python beside it, so `python -P -m MODULE …`, as `child_command` says it, reaches
this file with those words.
"""

import runpy
import sys


def main() -> None:
    """Run the module that is named after `-P -m`, else the command line."""
    if sys.argv[1:3] == ["-P", "-m"]:
        module = sys.argv[3]
        del sys.argv[1:4]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return
    from overread.__main__ import main as overread

    overread()


if __name__ == "__main__":
    main()
