"""However a text table is cut, each line is read or told as if it stood in the file alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.errors import InputError
from migrate.intake.quarantine import Problem
from migrate.intake.readers import blocks, parting
from migrate.intake.readers.blocks import Blocks, count_lines, halves
from migrate.intake.readers.parting import parted
from migrate.intake.readers.rows import Shape

HEADING = ("a", "b", "c")
Parted = tuple[list[int], list[list[str]], tuple[Problem, ...], tuple[str, ...]]


def shape(codec: str = "utf-8", delimiter: str = ",", headings: tuple[str, ...] = HEADING) -> Shape:
    return Shape(kind="text", headings=headings, codec=codec, delimiter=delimiter)


def read(path: Path, look: Shape, columns: tuple[int, ...] = (0, 1, 2), **how: Any) -> Parted:
    batches = list(parted(path, look, columns, key=0, **how))
    size = how.get("size", 1 << 16)
    assert all(len(batch.row) <= size for batch in batches)
    rows = [number for batch in batches for number in batch.row.to_pylist()]
    texts = [
        [text for batch in batches for text in batch.columns[n].to_pylist()]
        for n in range(len(columns))
    ]
    unreadable = tuple(problem for batch in batches for problem in batch.unreadable)
    return rows, texts, unreadable, tuple(note for batch in batches for note in batch.notes)


def one_by_one(path: Path, look: Shape, monkeypatch: pytest.MonkeyPatch) -> Parted:
    with monkeypatch.context() as patched:
        patched.setattr(parting._Parting, "_at_once", lambda *_: None)
        return read(path, look)


line = st.text(st.sampled_from('"",,ab 1\tپی\u200f'), max_size=7) | st.sampled_from(
    [
        "1,2,3",
        "4,5,6",
        '7,"8",9',
        '"x,y",1,2',
        '1,"a""b",2',
        '1,"open,2',
        "",
        ",,",
        "1,2,3,4",
        "1,2",
    ]
)
end = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])
text = st.lists(st.tuples(line, end).map("".join), min_size=1, max_size=12).map("".join)
broken = st.lists(
    st.tuples(
        st.integers(0, 60), st.sampled_from([b"\xff", b"\0", b"\xed\xa0\x80", b'"', b"\xd8", b"\r"])
    ),
    max_size=2,
)


@settings(max_examples=300, deadline=None)
@given(
    content=text,
    changes=broken,
    codec=st.sampled_from(["utf-8", "utf-8-sig", "cp1256", "utf-16", "iso8859_6"]),
    block=st.integers(1, 40),
    size=st.integers(1, 9),
    few=st.integers(1, 3),
)
def test_blocks_and_batches_of_any_size_give_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory,
    content: str,
    changes: list[tuple[int, bytes]],
    codec: str,
    block: int,
    size: int,
    few: int,
) -> None:
    data = bytearray(f"a,b,c\n{content}".encode(codec, "replace"))
    for place, change in changes:
        # the heading stays sound
        at = 16 + place % max(len(data) - 16, 1)
        data[at : at + len(change)] = change
    path = tmp_path_factory.mktemp("parting") / "a.csv"
    path.write_bytes(data)
    look = shape(codec)
    with pytest.MonkeyPatch.context() as patched:
        whole = one_by_one(path, look, patched)
        patched.setattr(parting, "_FEW_LINES", few)
        assert read(path, look, block=block, size=size) == whole
        assert read(path, look, size=size) == whole
        patched.setattr(parting, "_ONE_BY_ONE", 2)
        assert read(path, look, block=block) == whole
    rows, _, unreadable, _ = whole
    told = [problem.row for problem in unreadable]
    assert sorted([*rows, *told]) == sorted({*rows, *told})


def test_what_is_wrong_with_a_row_costs_no_other_row_its_speed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"{n},b,c" for n in range(20_000)]
    lines[7_000] = "7000,b"
    lines[13_000] = '13000,"b,c'
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["a,b,c", *lines]))
    slow: list[int] = []
    ways = parting._Parting._one_by_one
    monkeypatch.setattr(
        parting._Parting,
        "_one_by_one",
        lambda self, block: slow.append(count_lines(block)) or ways(self, block),
    )
    rows, texts, unreadable, _ = read(path, shape())
    assert [(p.row, p.rule) for p in unreadable] == [(7_002, "row.cells"), (13_002, "row.quote")]
    assert rows == [n + 2 for n in range(20_000) if n not in (7_000, 13_000)]
    assert texts[0] == [str(row - 2) for row in rows]
    # an open quotation mark looks on for its end over 200 lines
    assert sum(slow) <= 64 + 64 + 200


def test_a_column_that_is_not_wanted_is_looked_at_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b,c\n1,2,3\n4,5,\xff\n6,7,8\n")
    rows, _, unreadable, _ = read(path, shape(), columns=(0, 1))
    assert rows == [2, 4]
    assert [problem.rule for problem in unreadable] == ["row.encoding"]


def test_rows_may_leave_out_last_columns_without_a_heading(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b,,\n" + "1,2\n" * 500 + "1,2,3,4\n" * 2 + "1\n")
    rows, _, unreadable, _ = read(path, shape(headings=("a", "b", "", "")), columns=(0, 1))
    assert len(rows) == 502
    assert [problem.row for problem in unreadable] == [504]


def test_a_line_of_many_mebibytes_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "LONGEST_LINE", 1 << 20)
    path = tmp_path / "a.csv"
    path.write_text("a,b,c\n" + "1" * (1 << 21) + "\n")
    with pytest.raises(InputError, match="a line is longer than 1 MiB"):
        read(path, shape(), block=1 << 16)


@settings(deadline=None)
@given(
    content=st.text(st.sampled_from("ab\r\n"), max_size=20).map(str.encode),
    size=st.integers(1, 9),
    skipped=st.integers(0, 4),
)
def test_blocks_end_where_lines_end(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, size: int, skipped: int
) -> None:
    path = tmp_path_factory.mktemp("blocks") / "a.csv"
    path.write_bytes(content)
    found = list(Blocks(path, "utf-8", skipped, size))
    all_lines = content.splitlines(keepends=True)
    assert b"".join(found) == b"".join(all_lines[skipped:])
    assert sum(map(count_lines, found)) == len(all_lines[skipped:])
    for block in found:
        two = halves(block)
        if two:
            assert b"".join(two) == block
            assert count_lines(two[0]) + count_lines(two[1]) == count_lines(block)
