"""How fast codes are issued in bulk through the project's own issue(), ledger included.

    python tests/benchmarks/codes_issuing.py ADDRESS BATCH CODES

Prints JSON: seconds, codes a second, the processor's share of this process, and the log's size.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from codes_fill import facts_of

from migrate.codes.issuing import IssueRequest, sha256_text
from migrate.store import ledger
from migrate.store.batches import begin
from migrate.store.codes import issue
from migrate.store.engine import open_store, reading


def measure(address: str, batch: str, count: int) -> dict[str, Any]:
    """Issue ``count`` codes for degrees that have none, in one transaction, and time it."""
    requests = [
        IssueRequest(
            f"{batch}-D{number:07d}",
            f"{batch}-L{number:07d}",
            batch,
            facts_of(number),
            document_type="diploma",
        )
        for number in range(count)
    ]
    engine = open_store(address)
    try:
        begin(engine, batch, sha256_text(batch))
        began, processor = time.perf_counter(), time.process_time()
        issued = issue(engine, requests, batch=batch, actor="benchmark").issued
        seconds, processor = time.perf_counter() - began, time.process_time() - processor
        if len(issued) != count:
            raise SystemExit(f"{len(issued)} codes were issued, not {count}")
        began = time.perf_counter()
        again = issue(engine, requests, batch=batch, actor="benchmark")
        repeated = time.perf_counter() - began
        if again.issued or len(again.repeated) != count:
            raise SystemExit("issuing again gave other codes")
        with reading(engine) as connection:
            head = ledger.head(connection)
        return {
            "database": engine.dialect.name,
            "codes": count,
            "seconds": round(seconds, 2),
            "codes_per_second": round(count / seconds),
            "own_processor_share": round(processor / seconds, 2),
            "again_seconds": round(repeated, 2),
            "log_size": head.size if head else 0,
        }
    finally:
        engine.dispose()


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
