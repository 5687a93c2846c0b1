"""Work done ahead keeps its order, raises its errors where it is used, and ends when it is closed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from migrate.intake.ahead import ahead


def test_the_items_come_in_their_order_and_are_made_in_another_thread() -> None:
    made: set[str] = set()

    def items() -> Iterator[int]:
        for n in range(100):
            made.add(threading.current_thread().name)
            yield n

    assert list(ahead(items())) == list(range(100))
    assert made == {"ahead"}


def test_an_error_is_raised_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("the second is broken")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(ValueError, match="the second is broken"):
        next(found)


def test_no_more_than_was_asked_for_is_made_ahead() -> None:
    made: list[int] = []
    begun = threading.Event()

    def items() -> Iterator[int]:
        for n in range(100):
            made.append(n)
            if n == 3:
                begun.set()
            yield n

    found = ahead(items(), depth=2)
    assert next(found) == 0
    # one in use, two that wait, one that is made and finds no room
    assert begun.wait(5)
    assert made == [0, 1, 2, 3]
    found.close()
    assert made == [0, 1, 2, 3]


def test_closing_ends_the_thread_and_what_it_reads() -> None:
    ended: list[str] = []

    def items() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.append(threading.current_thread().name)

    found = ahead(items())
    next(found)
    found.close()
    assert ended == ["ahead"]
    assert all(thread.name != "ahead" for thread in threading.enumerate())
