"""Moments as AWS writes them, in UTC and in a zone that is a fixed number of minutes away from it. No clock is read."""

import calendar
import re

_MOMENT = re.compile(r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:Z|([+-])(\d{2}):?(\d{2}))?\Z")
_DAY, _JST = 86_400, 9 * 60


def seconds(written: str) -> int | None:
    """Seconds since 1970; a moment without a zone is in UTC. None where it is no moment."""
    match = _MOMENT.match(written)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if year == 0 or not (1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):  # noqa: PLR2004 - months
        return None
    east = 0 if match[7] is None else (int(match[8]) * 60 + int(match[9])) * (-1 if match[7] == "-" else 1)
    return calendar.timegm((year, month, day, hour, minute, second)) - east * 60


def spelled(moment: int, offset: int = 0) -> str:
    """`2026-11-23 05:00:00` at that many minutes east of UTC, by the Gregorian calendar."""
    days, rest = divmod(moment + offset * 60, _DAY)
    # Years that begin in March have their leap day at the end (400 years have 146,097 days).
    era, day = divmod(days + 719_468, 146_097)
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day_of_month = day - (153 * month + 2) // 5 + 1
    after = month >= 10  # noqa: PLR2004 - January and February
    shown_month = month - 9 if after else month + 3
    hour, minute, second = rest // 3600, rest % 3600 // 60, rest % 60
    return f"{era * 400 + year + after:04}-{shown_month:02}-{day_of_month:02} {hour:02}:{minute:02}:{second:02}"


def zone(offset: int) -> str:
    """`UTC+09:00`, and `JST` for what Japan keeps."""
    if offset == _JST:
        return "JST"
    return f"UTC{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
