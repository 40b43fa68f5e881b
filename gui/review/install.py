"""Review in a window: verdicts, ratings and notes, and the queue of what to look at."""

from dataclasses import dataclass

from gui.review.contradiction_queue import ContradictionQueue, QueueWalk
from gui.review.disagreement_queue import DisagreementQueue
from gui.review.queue_presenter import QueueDesks, QueuePresenter
from gui.review.review_desk import ReviewDesk
from gui.review.review_presenter import ReviewDesks, ReviewPresenter, ReviewViews
from gui.review.review_verbs import review_verbs
from gui.review.time_verbs import TimeDesk
from gui.review.truth_verbs import TruthDesk
from gui.shell.context import Context, Edits, Handlers


@dataclass(frozen=True, eq=False)
class ReviewFeature:
    """What was installed."""

    handlers: Handlers
    desks: ReviewDesks
    presenter: ReviewPresenter
    queue: QueuePresenter
    truth: TruthDesk

    def close(self) -> None:
        """Keep what was written and how long it took."""
        self.presenter.keep()


def install(context: Context, views: ReviewViews, edits: Edits) -> ReviewFeature:
    """Make reviews and queues, and connect them; `edits` is the correction they may change."""
    session, lanes = context.session, context.lanes
    disagreement_queue = DisagreementQueue(session, lanes, edits, context.masks)
    contradiction_queue = ContradictionQueue(session, lanes)
    desks = ReviewDesks(
        context,
        views,
        edits,
        review_desk=ReviewDesk(session, lanes, context.operations.order),
        disagreement_queue=disagreement_queue,
        contradiction_queue=contradiction_queue,
        walk=QueueWalk(disagreement_queue, contradiction_queue),
    )
    panel = views.disagreements
    queue = QueuePresenter(
        context,
        QueueDesks(disagreement_queue, contradiction_queue, desks.walk),
        views.viewer,
        panel,
    )
    context.wishes.disagreement_wanted.connect(lambda wanted: disagreement_queue.choose_at(*wanted))
    truth = TruthDesk(context, disagreement_queue, panel)
    time = TimeDesk(context, desks.review_desk)
    handlers = review_verbs(desks) | truth.handlers | time.handlers
    presenter = ReviewPresenter(desks)
    context.operations.leaving.connect(presenter.keep)
    return ReviewFeature(handlers, desks, presenter, queue, truth)
