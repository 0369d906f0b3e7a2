"""When a cron expression holds next, by the clock of a time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sundog.aws.embedded.launcher.mends.schedule_times import next_time


def nine_o_clock(_fields, last):
    """As the emulator reckons `cron(0 9 * * ? *)`: on the clock that it is given."""
    today = last.replace(hour=9, minute=0, second=0, microsecond=0)
    return today if today > last else today + timedelta(days=1)


def next_nine(after, zone):
    return datetime.fromtimestamp(next_time(nine_o_clock, None, after.timestamp(), ZoneInfo(zone)), UTC)


def test_nine_o_clock_is_that_of_the_zone():
    midnight = datetime(2026, 11, 25, tzinfo=UTC)

    assert next_nine(midnight, "Asia/Kolkata") == datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
    assert next_nine(midnight, "America/Los_Angeles") == datetime(2026, 11, 25, 17, tzinfo=UTC)


def test_the_clock_goes_by_summer_time():
    winter, summer = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)

    assert next_nine(winter, "Europe/Berlin") == datetime(2026, 3, 29, 7, tzinfo=UTC)
    assert next_nine(summer, "Europe/Berlin") == datetime(2026, 3, 30, 7, tzinfo=UTC)


def test_an_expression_that_never_holds_again_has_no_next_time():
    assert next_time(lambda _fields, _last: None, None, 0.0, UTC) is None
