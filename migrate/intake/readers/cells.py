"""Values that are not text (numbers, dates, truths) as the text a person would have typed."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal

# the first whole number after which a double skips some
EXACT = 2**53


def text(value: object) -> str | None:
    """A cell as text: nothing lost, nothing made up.

    Whole numbers have no '.0'; a double beyond 2**53, which has lost its last digits, stays in
    scientific notation so that nobody takes it for an identifier. Dates are ISO 8601; a time of
    day that is midnight is dropped. NaN and None are None. Raises TypeError for lists and the like.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, datetime.datetime):
        bare = value.tzinfo is None and value.time() == datetime.time()
        return value.date().isoformat() if bare else value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value)
    if isinstance(value, bytes | list | tuple | dict | set):
        raise TypeError(type(value).__name__)
    return str(value)


def is_rounded(value: object) -> bool:
    """Whether a number is a double so large that it has lost digits."""
    return isinstance(value, float) and math.isfinite(value) and abs(value) >= EXACT


def _float(value: float) -> str | None:
    if math.isnan(value):
        return None
    if value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    # 16 digits are all there are below 10**16, from where on repr has an exponent itself
    return f"{value:.15e}" if is_rounded(value) and abs(value) < 1e16 else repr(value)


def _decimal(value: Decimal) -> str | None:
    if value.is_nan():
        return None
    if value == value.to_integral_value():
        return str(int(value))
    return format(value, "f")
