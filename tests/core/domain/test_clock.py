"""Times that are kept mean the same everywhere, and sort as they were."""

from datetime import UTC, datetime, timedelta

from core.domain.clock import utc_minute, utc_now


def test_what_is_kept_is_utc_to_the_second() -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    kept = datetime.fromisoformat(utc_now())
    assert kept.utcoffset() == timedelta(0)
    assert kept.microsecond == 0
    assert before <= kept <= datetime.now(UTC)


def test_what_is_told_is_the_same_to_the_minute() -> None:
    told = datetime.fromisoformat(utc_minute())
    assert told.utcoffset() == timedelta(0)
    assert (told.second, "T" in utc_minute()) == (0, False)
