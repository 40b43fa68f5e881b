"""What a training tells when it cannot go on."""

from core.domain.errors import AppError


class TrainingError(AppError):
    """A training cannot start, or had to end; the text says what is kept."""
