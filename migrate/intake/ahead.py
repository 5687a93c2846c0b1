"""Work done ahead in a thread of its own, in order, so that reading and writing overlap."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterable[Item], depth: int = 1) -> Generator[Item]:
    """The same items in the same order, the next ones made while the last is in use.

    What making an item raises is raised here. When this iterator is closed, the thread stops after
    the item that it is at.

    :param depth: how many items wait at most; one more is being made, and one is in use.
    """
    # an item, or an error, or the end
    queue: Queue[tuple[Item] | BaseException | None] = Queue(depth)
    closed = Event()

    def put(what: tuple[Item] | BaseException | None) -> bool:
        while not closed.is_set():
            try:
                queue.put(what, timeout=0.1)
                return True
            except Full:
                continue
        return False

    def make() -> None:
        try:
            for item in items:
                if not put((item,)):
                    return
                # not kept alive while the next is made
                del item
            put(None)
        except BaseException as error:
            put(error)
        finally:
            if isinstance(items, Generator):
                items.close()

    thread = Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while (found := queue.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found[0]
            found = None
    finally:
        closed.set()
        thread.join()
