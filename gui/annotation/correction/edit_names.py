"""What readers call the edits of a correction, which its journal knows by the names of tools."""

_NAMES = {
    "delete component": "delete lesion",
    "keep component": "keep one lesion",
    "take component": "take predicted lesion",
    "take truth component": "take true lesion",
    "lasso": "polygon or lasso",
    "relabel piece": "label of a piece",
    "relabel lesion": "label of a lesion",
    "label map": "tell labels apart",
    "threshold": "threshold brush",
}


def edit_name(tool: str) -> str:
    """Return what an edit made by `tool` is called, in small letters."""
    return _NAMES.get(tool, tool)


def edit_title(tool: str) -> str:
    """Return it as a sentence begins; what is no tool stays as it is."""
    name = edit_name(tool)
    return name[:1].upper() + name[1:]
