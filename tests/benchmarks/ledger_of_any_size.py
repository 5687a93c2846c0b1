"""A ledger of any size, made fast: each column drawn from what a made-up ledger of 20,000 rows holds.

Texts of short lists (first names, places, universities, fields, degrees) are drawn as they stand in
the project's sample, with its spellings and blanks. What differs from line to line in a real ledger
differs here too: identifiers, numbers and pages get digits of their own, days of birth, graduation
and issue are any of 24,000 in nine spellings, and one surname in seven has a place after it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migrate.diplomas.sample import make
from migrate.diplomas.schema import LEGACY
from migrate.intake.sources import read_source
from migrate.persian.identifiers import national_id_check_digit

_AT_ONCE = 100_000
_MONTHS = (
    *("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور"),
    *("مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
)
_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
Random = np.random.Generator


def write(path: Path, rows: int, *, seed: int = 1403, encoding: str = "utf-8") -> None:
    """Write a CSV of ``rows`` records with all fields of the legacy schema; a seed gives one file.

    One line in 2,000 has too few cells; one page in 200 is quoted, with a comma in it.
    """
    random = np.random.default_rng(seed)
    sample = _sample(seed)
    days = pa.array(_days())
    years = pa.array([str(year) for year in range(1320, 1386)])
    with path.open("wb") as stream:
        stream.write((",".join(LEGACY.names) + "\n").encode(encoding))
        for at in range(0, rows, _AT_ONCE):
            count = min(_AT_ONCE, rows - at)
            columns = [
                _column(field.name, field.kind, random, at, count, sample, days, years)
                for field in LEGACY.fields
            ]
            lines = pc.binary_join_element_wise(*columns, ",")
            short = pa.array(random.random(count) < 1 / 2000)
            lines = pc.if_else(short, pc.utf8_slice_codeunits(lines, 0, 20), lines)
            stream.write("".join(f"{line}\n" for line in lines.to_pylist()).encode(encoding))


def _sample(seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder), degrees=40_000, records=20_000, seed=seed, form="design")
        table = read_source(made.source, LEGACY).table
    # no quotation marks but those that are put in on purpose
    return {
        name: pc.replace_substring_regex(
            pc.fill_null(table.column(f"raw_{name}"), "").combine_chunks(), '[,"\r\n]', " "
        )
        for name in LEGACY.names
    }


def _column(
    name: str,
    kind: str,
    random: Random,
    at: int,
    count: int,
    sample: dict[str, Any],
    days: Any,
    years: Any,
) -> Any:
    if name == LEGACY.key:
        return pa.array([f"L-{number:08}" for number in range(at, at + count)])
    drawn = _draw(sample[name], random, count)
    if kind == "date":
        blank = pc.not_equal(pc.utf8_length(pc.utf8_trim_whitespace(drawn)), 0)
        dates = pc.if_else(
            pa.array(random.random(count) < 0.25),
            _draw(years, random, count),
            _draw(days, random, count),
        )
        return pc.if_else(blank, dates, "")
    if kind == "national_id":
        there = pc.match_substring_regex(drawn, "[0-9]{8}")
        return pc.if_else(there, _national_ids(random, count), drawn)
    if kind in ("certificate_no", "diploma_no", "text"):
        drawn = _other_digits(drawn, random)
    if name == "page_ref":
        quoted = pc.binary_join_element_wise('"', drawn, ', الف"', "")
        return pc.if_else(pa.array(random.random(count) < 1 / 200), quoted, drawn)
    if name == "last_name":
        two = pc.binary_join_element_wise(drawn, _draw(sample["birth_place"], random, count), " ")
        return pc.if_else(pa.array(random.random(count) < 1 / 7), two, drawn)
    return drawn


def _draw(pool: Any, random: Random, count: int) -> Any:
    return pool.take(pa.array(random.integers(0, len(pool), count)))


def _days() -> list[str]:
    """Each day of 66 years in nine spellings, the plainest ones twice."""
    found = []
    for year in range(1320, 1386):
        for month in range(1, 13):
            for day in range(1, 31):
                slashed = f"{year}/{month:02}/{day:02}"
                found += [
                    slashed,
                    slashed,
                    f"{year}-{month:02}-{day:02}",
                    f"{year}/{month}/{day}",
                    f"{year}/{month}/{day}".translate(_PERSIAN),
                    f"{day}/{month}/{year}",
                    f"{year - 1300}/{month}/{day}",
                    f"{day} {_MONTHS[month - 1]} {year}",
                    f"{year}{month:02}{day:02}",
                    f"{year}/{month:02}/{day:02} ",
                ]
    return found


def _national_ids(random: Random, count: int) -> Any:
    nines = [f"{number:09}" for number in random.integers(10**6, 10**9, count)]
    return pa.array([nine + national_id_check_digit(nine) for nine in nines])


def _other_digits(texts: Any, random: Random) -> Any:
    """The same texts with digits drawn anew; a first digit is never 0."""
    letters = np.array(texts.to_pylist(), dtype=np.str_)
    codes = letters.view(np.uint32).reshape(len(letters), -1).copy()
    for zero in (ord("0"), ord("۰")):
        digit = (codes >= zero) & (codes <= zero + 9)
        first = digit & ~np.pad(digit, ((0, 0), (1, 0)))[:, :-1]
        codes[digit] = zero + random.integers(0, 10, int(digit.sum()))
        codes[first] = zero + random.integers(1, 10, int(first.sum()))
    return pa.array(codes.view(letters.dtype).ravel().tolist(), pa.string())
