"""The time as it is kept in files and told to people: UTC, so that it means the same everywhere."""

from datetime import UTC, datetime


def utc_now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def utc_minute() -> str:
    """Return the time in UTC for people, to the minute."""
    return datetime.now(UTC).isoformat(sep=" ", timespec="minutes")
