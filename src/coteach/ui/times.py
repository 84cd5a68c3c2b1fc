"""Points in time as a reader sees them: in her zone, in her language, with the zone named."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    format_timedelta,
    get_datetime_format,
    get_timezone_location,
)

from coteach.i18n import get_language

CLDR_NAMES = {"Asia/Ho_Chi_Minh": "Asia/Saigon", "Asia/Kathmandu": "Asia/Katmandu",
              "Asia/Kolkata": "Asia/Calcutta", "Asia/Yangon": "Asia/Rangoon"}
"""CLDR files the names of these cities under the zones' oldest names."""


def _locale() -> Locale:
    return Locale.parse(get_language(), sep="-")


def zone(name: str | None) -> tzinfo:
    """Return an IANA time zone; UTC for a name that this machine does not know."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return UTC


def zone_name(name: str | None) -> str:
    """Return a zone's city in the reader's language, for example ``Taipei``; else ``UTC``."""
    found = zone(name)
    if found is UTC or not isinstance(found, ZoneInfo) or "/" not in found.key:
        return "UTC"
    names = _locale().time_zones.get(CLDR_NAMES.get(found.key, found.key)) or {}
    return str(names.get("city") or get_timezone_location(found, locale=_locale(),
                                                          return_city=True))


def local(moment: datetime, time_zone: str | None = None) -> str:
    """Return day and time without the zone, for a page that names the zone once."""
    now = datetime.now(UTC)
    skeleton = "yMMMd" if moment.astimezone(UTC).year != now.year else "MMMEd"
    return _skeleton(moment, skeleton, time_zone)


def when(moment: datetime, time_zone: str | None = None) -> str:
    """Return day, time and zone, for example ``Mon, Nov 24, 9:15 AM (Taipei)``."""
    return f"{local(moment, time_zone)} ({zone_name(time_zone)})"


def _skeleton(moment: datetime, skeleton: str, time_zone: str | None) -> str:
    # Babel does not join day and time of a skeleton as CLDR says, so they are made apart.
    locale, there = _locale(), zone(time_zone)
    date = format_skeleton(skeleton, moment, there, locale=locale)
    time = format_time(moment, "short", there, locale=locale)
    return str(get_datetime_format("medium", locale)).format(time, date)


def day(moment: datetime, time_zone: str | None = None) -> str:
    """Return the day alone."""
    return str(format_date(moment.astimezone(zone(time_zone)), "medium", locale=_locale()))


def table(moment: datetime | None, time_zone: str | None = None) -> str:
    """Return day and time as spreadsheets of every language take them; the zone stands above."""
    return moment.astimezone(zone(time_zone)).strftime("%Y-%m-%d %H:%M") if moment else ""


def iso(moment: datetime) -> str:
    """Return the machine-readable form for a `<time datetime>`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def ago(moment: datetime) -> str:
    """Return how long ago it was, for example ``3 hours ago``."""
    return str(format_timedelta(moment - datetime.now(UTC), add_direction=True, locale=_locale()))


def duration(seconds: float | None) -> str:
    """Return minutes and seconds, for example ``4:07``."""
    whole = int(seconds or 0)
    return f"{whole // 60}:{whole % 60:02}"

