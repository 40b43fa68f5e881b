"""The worklist of a window: which case is next, and what the list says of all of them."""

from dataclasses import dataclass

from gui.shell.context import Context, Handlers
from gui.worklist.worklist_presenter import WorklistPresenter, WorklistViews


@dataclass(frozen=True, eq=False)
class WorklistFeature:
    """What was installed."""

    handlers: Handlers
    panels: WorklistPresenter


def install(context: Context, views: WorklistViews) -> WorklistFeature:
    """Make the worklist's presenter, and let operations follow its order."""
    operations = context.operations
    views.worklist.case_chosen.connect(operations.choose_case)
    operations.follow_order(views.worklist.order)
    handlers: Handlers = {
        "previous_case": lambda: operations.step_case(-1),
        "next_case": lambda: operations.step_case(1),
        "find_case": views.find,
    }
    return WorklistFeature(handlers, WorklistPresenter(context, views))
