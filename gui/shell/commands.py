"""The one table of commands: menus, tool bars and the shortcut sheet are built from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Keys = Mapping[str, tuple[str, ...]]
"""Keys that the reader gave to commands, by command id; what is left out keeps its own."""

CommandGroup = Literal[
    "File", "View", "Slice", "Measure", "Correct", "Review", "Overlays", "Model", "Help"
]
Needs = Literal["nothing", "case", "model", "run", "own"]


@dataclass(frozen=True)
class Command:
    """One command: what it is called, what starts it, and what must be there for it.

    `keys` are Qt key texts. `menu` False keeps it out of the menus: it is in the sheet alone.
    `needs` "own" leaves it to whoever knows better, as undo to the correction. `part` is the menu
    within the menu of its group that it stands in.
    """

    id: str
    text: str
    group: CommandGroup
    keys: tuple[str, ...] = ()
    icon: str = ""
    needs: Needs = "case"
    checkable: bool = False
    menu: bool = True
    part: str = ""


_CARRIED = "Guided clicks"

COMMANDS: tuple[Command, ...] = (
    Command("open_dataset", "Open folder…", "File", ("Ctrl+O",), "folder-open", "nothing"),
    Command("open_file", "Open file or zip…", "File", ("Ctrl+Shift+O",), "image", "nothing"),
    Command("organise", "How the folder is organised…", "File", (), "layers", "nothing"),
    Command("open_demo", "Open the synthetic demo", "File", (), "image", "nothing"),
    Command("open_predictions", "Review a folder of predictions…", "File", (), "layers", "nothing"),
    Command("time_point", "Choose a time point…", "File", (), "clock", "case"),
    Command("choose_channels", "Choose channels…", "File", (), "layers", "case"),
    Command("export_cases", "Export cases…", "File", ("Alt+Shift+E",), "export", "nothing"),
    Command(
        "patient_names", "Patient's name in DICOM files", "File", needs="nothing", checkable=True
    ),
    Command("export_report", "Export a report…", "File", ("Ctrl+Shift+E",), "export", "nothing"),
    Command("export_pictures", "Export pictures of the case…", "File", ("Ctrl+Shift+P",), "image"),
    Command("copy_picture", "Copy the picture", "File", ("Ctrl+Shift+C",), "image"),
    Command("quit", "Quit", "File", ("Ctrl+Q",), "", "nothing"),
    Command("previous_slice", "Previous slice", "Slice", ("Up", "Left")),
    Command("next_slice", "Next slice", "Slice", ("Down", "Right")),
    Command("back_five", "Five slices back", "Slice", ("Shift+Up", "Shift+Left"), menu=False),
    Command("on_five", "Five slices on", "Slice", ("Shift+Down", "Shift+Right"), menu=False),
    Command("first_slice", "First slice", "Slice", ("Home",)),
    Command("last_slice", "Last slice", "Slice", ("End",)),
    Command("worst_slice", "Worst slice", "Slice"),
    Command("next_likely", "Next slice likely to hold a lesion", "Slice", ("S",)),
    Command("previous_likely", "Likely slice before", "Slice", ("Shift+S",)),
    Command("previous_case", "Previous case", "Slice", ("PgUp",), "chevron-left"),
    Command("next_case", "Next case", "Slice", ("PgDown",), "chevron-right"),
    Command("find_case", "Find a case", "Slice", ("Ctrl+F",), "search", "nothing"),
    Command("pan_tool", "Pan", "View", ("V",), "pan", checkable=True),
    Command("window_tool", "Window and level", "View", ("W",), "window-level", checkable=True),
    Command("auto_window", "Automatic window and level", "View", ("Ctrl+J",), part="Grey values"),
    Command("reset_window", "Full range of values", "View", ("Ctrl+Shift+J",), part="Grey values"),
    Command("window_contrast", "High contrast", "View", part="Grey values"),
    Command("window_lesion", "Bright lesions", "View", part="Grey values"),
    Command("window_soft", "Soft contrast", "View", part="Grey values"),
    Command(
        "invert",
        "Invert grey values",
        "View",
        ("Ctrl+I",),
        "invert",
        checkable=True,
        part="Grey values",
    ),
    Command("cine", "Play the slices", "View", ("F7",), "play", checkable=True),
    Command("zoom_in", "Zoom in", "View", ("Ctrl++", "Ctrl+=")),
    Command("zoom_out", "Zoom out", "View", ("Ctrl+-",)),
    Command("fit", "Fit to the window", "View", ("0",), "fit"),
    Command("review_mode", "Review", "View", ("Ctrl+Shift+M",), "", "nothing"),
    Command("one_view", "One view", "View", ("Ctrl+1",), "layout-1", part="Layout"),
    Command("two_views", "Two views", "View", ("Ctrl+2",), "layout-2", part="Layout"),
    Command("four_views", "Four views", "View", ("Ctrl+3",), "layout-4", part="Layout"),
    Command("planes_view", "Three planes", "View", ("Ctrl+4",), "layout-planes", part="Layout"),
    Command(
        "swipe_view", "Swipe between two masks", "View", ("Ctrl+5",), "contrast", part="Layout"
    ),
    Command("toggle_jobs", "Open or close the jobs", "View", ("F9",), "", "nothing"),
    Command("swap_buttons", "Mouse in the left hand", "View", (), "", "nothing", checkable=True),
    Command("neurological", "Neurological (right on the right)", "View", (), checkable=True),
    Command("exact_voxels", "Exact voxels", "View", (), "grid", checkable=True),
    Command("interpolate_slices", "Blend thick slices", "View", (), checkable=True),
    Command("light_theme", "Light theme", "View", (), "sun", "nothing", checkable=True),
    Command("safe_colours", "Colour-blind-safe overlays", "View", (), "palette", "nothing", True),
    Command("ruler_tool", "Ruler", "Measure", ("R",), "ruler", checkable=True),
    Command("ellipse_tool", "Ellipse", "Measure", ("Shift+E",), "circle", checkable=True),
    Command("rectangle_tool", "Rectangle", "Measure", ("Shift+Q",), "rectangle", checkable=True),
    Command("diameters", "Largest diameters of the lesion", "Measure", ("Shift+R",), "ruler"),
    Command("give_spacing", "Give the spacing…", "Measure"),
    Command("undo", "Undo", "Correct", ("Ctrl+Z",), "undo", "own"),
    Command("redo", "Redo", "Correct", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo", "own"),
    Command("brush_tool", "Brush", "Correct", ("B",), "brush", checkable=True),
    Command("eraser_tool", "Eraser", "Correct", ("E",), "eraser", checkable=True),
    Command(
        "threshold_tool", "Threshold brush", "Correct", ("H",), "threshold-brush", checkable=True
    ),
    Command("lasso_tool", "Polygon or lasso", "Correct", ("L",), "polygon", checkable=True),
    Command("fill_tool", "Flood fill", "Correct", ("G",), "fill", checkable=True),
    Command("smart_tool", "Smart fill", "Correct", ("Q",), "lightning", checkable=True),
    Command("guided_tool", "Guided click", "Correct", ("D",), "guided", checkable=True),
    Command(
        "component_tool",
        "Take or delete a lesion",
        "Correct",
        ("Shift+D",),
        "crosshair",
        checkable=True,
    ),
    Command("smaller_brush", "Smaller brush", "Correct", ("[",), menu=False),
    Command("larger_brush", "Larger brush", "Correct", ("]",), menu=False),
    Command("ball_brush", "Brush as a disc or a ball", "Correct", ("Alt+B",)),
    Command(
        "complete_fill",
        "Complete what is half drawn or marked",
        "Correct",
        ("Return", "Enter"),
        menu=False,
    ),
    Command(
        "step_back",
        "Take the last corner, scribble or click back",
        "Correct",
        ("Backspace",),
        menu=False,
    ),
    Command("grow", "Grow this slice by a voxel", "Correct", ("=",), part="Slice and case"),
    Command("shrink", "Shrink this slice by a voxel", "Correct", ("-",), part="Slice and case"),
    Command("reshape", "Grow or shrink this slice by…", "Correct", part="Slice and case"),
    Command("reshape_case", "Grow or shrink the whole case by…", "Correct", part="Slice and case"),
    Command("smooth", "Smooth this slice", "Correct", part="Slice and case"),
    Command("fill_mask_holes", "Fill holes in this slice", "Correct", part="Slice and case"),
    Command("copy_before", "Copy the slice before", "Correct", ("Ctrl+Up",), part="Slice and case"),
    Command("copy_after", "Copy the slice after", "Correct", ("Ctrl+Down",), part="Slice and case"),
    Command("replay_clicks", "Replay the clicks on this model", "Correct", part=_CARRIED),
    Command("film_before", "Carried slice before", "Correct", ("Alt+Up",), part=_CARRIED),
    Command("film_after", "Carried slice after", "Correct", ("Alt+Down",), part=_CARRIED),
    Command("film_tick", "Tick this carried slice", "Correct", ("Alt+A",), part=_CARRIED),
    Command("film_leave", "Leave this carried slice out", "Correct", ("Alt+X",), part=_CARRIED),
    Command(
        "interpolate",
        "Interpolate between painted slices",
        "Correct",
        ("I",),
        "interpolate",
        part="Slice and case",
    ),
    Command(
        "delete_component",
        "Delete the lesion under the pointer",
        "Correct",
        ("Delete",),
        part="Lesion",
    ),
    Command(
        "delete_here", "Delete it on this slice alone", "Correct", ("Alt+Delete",), part="Lesion"
    ),
    Command(
        "keep_component",
        "Keep only the lesion under the pointer",
        "Correct",
        ("Shift+Delete",),
        part="Lesion",
    ),
    Command(
        "take_component",
        "Take the predicted lesion under the pointer",
        "Correct",
        ("Ctrl+D",),
        part="Take over",
    ),
    Command(
        "take_slice", "Take the prediction of this slice", "Correct", ("Ctrl+T",), part="Take over"
    ),
    Command(
        "take_case",
        "Take the prediction of the whole case",
        "Correct",
        ("Ctrl+Shift+T",),
        part="Take over",
    ),
    Command(
        "take_truth_slice",
        "Take the ground truth of this slice",
        "Correct",
        ("Alt+T",),
        part="Take over",
    ),
    Command(
        "take_truth_component",
        "Take the true lesion under the pointer",
        "Correct",
        ("Alt+D",),
        part="Take over",
    ),
    Command(
        "take_truth_case",
        "Take the ground truth of the whole case",
        "Correct",
        ("Alt+Shift+T",),
        part="Take over",
    ),
    *(
        Command(f"label_{n}", f"Take label {n} in hand", "Correct", (f"Alt+{n}",), menu=False)
        for n in range(1, 10)
    ),
    Command(
        "relabel_piece",
        "Give the piece under the pointer the label in hand",
        "Correct",
        part="Label in hand",
    ),
    Command(
        "relabel_lesion",
        "Give the lesion under the pointer the label in hand",
        "Correct",
        part="Label in hand",
    ),
    Command(
        "take_label", "Take the label in hand from the prediction", "Correct", part="Label in hand"
    ),
    Command(
        "take_truth_label",
        "Take the label in hand from the ground truth",
        "Correct",
        part="Label in hand",
    ),
    Command("add_label", "Add a label", "Correct", part="Label in hand"),
    Command("merge_label", "Merge the label in hand into…", "Correct", part="Label in hand"),
    Command("delete_label", "Delete the label in hand", "Correct", part="Label in hand"),
    Command("clear_slice", "Clear this slice", "Correct", ("Ctrl+Delete",), part="Slice and case"),
    Command("save_version", "Save a version", "Correct", ("Ctrl+S",), "save"),
    Command("versions", "Versions…", "Correct", ("Ctrl+Shift+S",), "clock"),
    Command("export_correction", "Export the correction…", "Correct", ("Ctrl+E",), "export"),
    Command("discard_correction", "Discard the correction…", "Correct", (), "trash"),
    Command("accept", "Accept the prediction", "Review", ("A",), "tick-circle"),
    Command("correct", "Correct the prediction", "Review", ("C",), "pencil-circle"),
    Command("reject", "Reject the prediction", "Review", ("X",), "cross-circle"),
    Command("rate_1", "Quality 1 of 5", "Review", ("1",), menu=False),
    Command("rate_2", "Quality 2 of 5", "Review", ("2",), menu=False),
    Command("rate_3", "Quality 3 of 5", "Review", ("3",), menu=False),
    Command("rate_4", "Quality 4 of 5", "Review", ("4",), menu=False),
    Command("rate_5", "Quality 5 of 5", "Review", ("5",), menu=False),
    Command(
        "save_and_next", "Save and open the next case", "Review", ("Ctrl+Return", "Ctrl+Enter")
    ),
    Command("next_unreviewed", "Next unreviewed case", "Review", ("Ctrl+PgDown",)),
    Command("undo_review", "Undo the last review", "Review", ("Ctrl+U",), "undo"),
    Command("time_spent", "Time spent…", "Review", (), "clock"),
    Command("reader", "Your name…", "Review", (), "", "nothing"),
    Command("blinded", "Blinded reading…", "Review", ("Ctrl+B",), "eye-off", "nothing"),
    Command("next_disagreement", "Next disagreement", "Review", ("N",)),
    Command("previous_disagreement", "Previous disagreement", "Review", ("Shift+N",)),
    Command("yes", "The region is lesion", "Review", ("Y",)),
    Command("no", "The region is no lesion", "Review", ("U",)),
    Command("truth_wrong", "The ground truth is wrong here…", "Review", ("J",)),
    Command("small_disagreements", "Small disagreements…", "Review"),
    Command("export_error_parcel", "Export the error parcel…", "Review", (), "export", "nothing"),
    Command("toggle_truth", "Ground truth", "Overlays", ("T",), checkable=True),
    Command("toggle_prediction", "Prediction", "Overlays", ("P",), checkable=True),
    Command("toggle_false_positive", "False positive", "Overlays", ("F",), checkable=True),
    Command("toggle_false_negative", "False negative", "Overlays", ("M",), checkable=True),
    Command("toggle_wrong_label", "Wrong label", "Overlays", ("Shift+F",), checkable=True),
    Command("toggle_correction", "Correction", "Overlays", ("K",), checkable=True),
    Command("toggle_uncertainty", "Uncertainty", "Overlays", ("O",), checkable=True),
    Command("less_opacity", "Less opacity", "Overlays", (",",)),
    Command("more_opacity", "More opacity", "Overlays", (".",)),
    Command("run_case", "Run on this case", "Model", ("Ctrl+R",), "play", "model"),
    Command("run_all", "Run on all cases", "Model", ("Ctrl+Shift+R",), "", "model"),
    Command("flips", "Average with the mirrored slice", "Model", (), "", "nothing", checkable=True),
    Command("mask_fills", "What a binary model fills…", "Model"),
    Command("train", "Train a model…", "Model", ("Ctrl+N",), "trend", "nothing"),
    Command("teach_clicks", "Teach the guided clicks…", "Model", (), "", "nothing"),
    Command("gate", "Candidate against champion…", "Model", ("Ctrl+G",), "tick-circle", "nothing"),
    Command("compare_models", "Compare models", "Model", ("Ctrl+M",), "trend", "nothing"),
    Command(
        "cancel_runs",
        "Drop what is in hand, or stop the runs",
        "Model",
        ("Esc",),
        "stop",
        "nothing",
    ),
    Command("tour", "Take the tour", "Help", (), "help", "nothing"),
    Command("guide", "User guide", "Help", ("F1",), "help", "nothing"),
    Command("shortcuts", "Keyboard shortcuts", "Help", ("?",), "keyboard", "nothing"),
    Command("about", "About Overread", "Help", (), "info", "nothing"),
    Command("next_region", "Next region", "Help", ("F6",), "", "nothing", menu=False),
    Command("previous_region", "Previous region", "Help", ("Shift+F6",), "", "nothing", menu=False),
)

BY_ID: dict[str, Command] = {command.id: command for command in COMMANDS}

GESTURES: tuple[tuple[CommandGroup, str, str], ...] = (
    ("Slice", "Previous or next slice", "Wheel"),
    ("Correct", "The opposite of the tool", "Right button  Ctrl"),
    ("Correct", "Brush size", "Shift+Wheel"),
    ("View", "Zoom", "Right-drag  Ctrl+Wheel"),
    ("View", "Pan", "Middle-drag"),
    ("View", "Crosshair of three planes to the pointer", "Click  Shift+Move"),
    ("View", "Enlarge one of three planes, or all again", "Double-click"),
    ("Overlays", "Hide all overlays while held", "Space"),
    ("Help", "Press the control that Tab or F6 has reached", "Enter"),
)
"""What mouse and Space do, which no command does: group, text and how."""

KEPT_KEYS = {"Space": "hides all overlays while it is held", "Tab": "goes to the next control"}
"""Keys that no command can have, and what they do."""


def keys_of(command_id: str, changed: Keys | None = None) -> tuple[str, ...]:
    """Return the keys of a command: those the reader gave it, else its own.

    A key that the reader gave to one command is no longer that of another, which may be newer.
    """
    given = changed or {}
    if command_id in given:
        return given[command_id]
    taken = {key for keys in given.values() for key in keys}
    return tuple(key for key in BY_ID[command_id].keys if key not in taken)


def first_key(command_id: str, changed: Keys | None = None) -> str:
    """Return the first key of a command as it is printed, empty when it has none."""
    keys = keys_of(command_id, changed)
    return keys[0].replace("Return", "Enter") if keys else ""


def with_key(text: str, command_id: str, changed: Keys | None = None) -> str:
    """Return `text` with the key of a command behind it."""
    key = first_key(command_id, changed)
    return f"{text} ({key})" if key else text


def tooltip(command_id: str, changed: Keys | None = None) -> str:
    """Return the text of a command with its key, as tool tips show it."""
    return with_key(BY_ID[command_id].text, command_id, changed)


def taken_by(key: str, changed: Keys | None = None) -> str | None:
    """Return the id of the command that `key` starts, or None."""
    return next((c.id for c in COMMANDS if key in keys_of(c.id, changed)), None)
