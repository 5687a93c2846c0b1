"""Limits hold exactly, by the database's clock, whoever asks at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, insert, select, update

from migrate.store.limits import Charge, Rate, charge, fits, purge, take
from migrate.store.public_tables import LimitRow

# so slow that nothing drains while a test runs
SLOW = Rate(per_minute=0.01, burst=5)


def tat(engine: Engine, bucket: str) -> int | None:
    with engine.connect() as connection:
        return connection.execute(
            select(LimitRow.tat).where(LimitRow.bucket == bucket)
        ).scalar_one_or_none()


def taken(engine: Engine, *charges: Charge) -> bool:
    return take(engine, charges).allowed


def test_a_burst_is_taken_and_not_one_more(engine: Engine) -> None:
    assert [taken(engine, Charge("a", SLOW)) for _ in range(7)] == [True] * 5 + [False] * 2
    # another bucket is another one's
    assert taken(engine, Charge("b", SLOW))


def test_a_refused_request_costs_nothing(engine: Engine) -> None:
    assert taken(engine, Charge("a", SLOW, 4))
    held = tat(engine, "a")
    verdict = take(engine, [Charge("a", SLOW, 2)])
    assert not verdict.allowed
    assert verdict.bucket == "a"
    # one unit takes 6000 seconds, and one more unit than there was room for was asked
    assert 5_990 <= verdict.retry_after <= 6_000
    assert tat(engine, "a") == held
    assert taken(engine, Charge("a", SLOW, 1))


def test_it_drains_at_its_rate(engine: Engine) -> None:
    rate = Rate(per_minute=1, burst=2)
    assert taken(engine, Charge("a", rate, 2))
    verdict = take(engine, [Charge("a", rate)])
    assert not verdict.allowed
    assert 50 <= verdict.retry_after <= 60
    with engine.begin() as connection:
        # a minute goes by
        connection.execute(update(LimitRow).values(tat=LimitRow.tat - 60_000_000))
    assert taken(engine, Charge("a", rate))
    assert not taken(engine, Charge("a", rate))


def test_a_long_rest_gives_the_burst_and_no_more(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(LimitRow).values(bucket="a", tat=1))
    assert [taken(engine, Charge("a", SLOW)) for _ in range(6)] == [True] * 5 + [False]


def test_either_all_buckets_are_charged_or_none(engine: Engine) -> None:
    assert taken(engine, Charge("full", SLOW, 5))
    for others in (("a", "full"), ("z", "full")):
        verdict = take(engine, [Charge(name, SLOW) for name in others])
        assert (verdict.allowed, verdict.bucket) == (False, "full")
        assert tat(engine, others[0]) is None
    assert taken(engine, Charge("a", SLOW, 5), Charge("z", SLOW, 5))


def test_a_cost_above_the_burst_never_fits(engine: Engine) -> None:
    assert not taken(engine, Charge("a", SLOW, 6))
    assert tat(engine, "a") is None


def test_nothing_is_charged_for_nothing(engine: Engine) -> None:
    assert taken(engine)
    assert taken(engine, Charge("a", SLOW, 0))
    assert tat(engine, "a") is None


def test_a_bucket_is_named_once(engine: Engine) -> None:
    with pytest.raises(ValueError, match="twice"):
        take(engine, [Charge("a", SLOW), Charge("a", SLOW)])


@pytest.mark.parametrize(("per_minute", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_a_rate_is_positive(per_minute: float, burst: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        Rate(per_minute, burst)


def test_what_is_charged_afterwards_is_waited_for(engine: Engine) -> None:
    charge(engine, [Charge("a", SLOW, 20)])
    verdict = take(engine, [Charge("a", SLOW)])
    assert not verdict.allowed
    # 20 units are charged and one is asked: 16 must drain before it is the fifth
    assert 95_900 <= verdict.retry_after <= 96_000
    # and it adds up
    charge(engine, [Charge("a", SLOW, 1)])
    assert take(engine, [Charge("a", SLOW)]).retry_after > 101_000


def test_a_bucket_s_name_is_a_value_and_no_sql(engine: Engine) -> None:
    name = "a'); DELETE FROM limits; -- :b0 %s"
    assert taken(engine, Charge(name, SLOW, 5))
    assert not taken(engine, Charge(name, SLOW))


def test_whether_it_fits_is_seen_without_a_charge(engine: Engine) -> None:
    assert fits(engine, Charge("a", SLOW, 5)).allowed
    assert tat(engine, "a") is None
    assert taken(engine, Charge("a", SLOW, 3))
    assert fits(engine, Charge("a", SLOW, 2)).allowed
    refused = fits(engine, Charge("a", SLOW, 3))
    assert (refused.allowed, refused.bucket) == (False, "a")
    assert 5_990 <= refused.retry_after <= 6_000


def test_a_purge_takes_what_is_empty_and_leaves_what_is_not(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            insert(LimitRow), [{"bucket": f"old-{n}", "tat": n} for n in range(1_500)]
        )
    assert taken(engine, Charge("held", SLOW, 5))
    assert purge(engine) == 1_500
    assert purge(engine) == 0
    assert not taken(engine, Charge("held", SLOW))


@pytest.mark.parametrize("charges", [("a",), ("a", "b"), ("b", "a")], ids="-".join)
def test_many_at_once_get_just_the_burst(
    address: str, engine: Engine, charges: tuple[str, ...]
) -> None:
    rate = Rate(per_minute=0.01, burst=20)
    outcomes: list[bool] = []

    def ask(own: Engine) -> None:
        for _ in range(10):
            outcomes.append(taken(own, *(Charge(name, rate) for name in charges)))

    _at_once(address, ask, threads=6)
    assert outcomes.count(True) == 20
    assert len(outcomes) == 60


def test_buckets_in_any_order_never_wait_in_a_circle(address: str, engine: Engine) -> None:
    rate = Rate(per_minute=1e9, burst=1_000_000)
    names = ["a", "b", "c"]

    def ask(own: Engine) -> None:
        for turn in range(15):
            order = names[turn % 3 :] + names[: turn % 3]
            assert taken(own, *(Charge(name, rate) for name in order))

    _at_once(address, ask, threads=4)


def _at_once(address: str, ask: Callable[[Engine], None], threads: int) -> None:
    """Each in a thread and with connections of its own, as processes have them."""
    failed: list[BaseException] = []
    barrier = threading.Barrier(threads)

    def run() -> None:
        from migrate.store.engine import open_store

        own = open_store(address)
        try:
            barrier.wait(30)
            ask(own)
        except BaseException as error:
            failed.append(error)
        finally:
            own.dispose()

    started = [threading.Thread(target=run) for _ in range(threads)]
    for one in started:
        one.start()
    for one in started:
        one.join()
    assert not failed


def test_the_clock_is_the_database_s(engine: Engine) -> None:
    assert taken(engine, Charge("a", Rate(60, 1)))
    clock = (
        "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
        if engine.dialect.name == "postgresql"
        else "SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS BIGINT)"
    )
    with engine.connect() as connection:
        now = connection.execute(sa.text(clock)).scalar_one()
    held = tat(engine, "a")
    assert held is not None
    assert 0 < held - now <= 1_001_000
