"""Markdown tables of what was measured: seconds, memory, how right the links are, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from linkage_phases import PHASES
from linkage_score import KINDS, f1

Measured = dict[str, Any]
NAMES = {
    "ours": "this project",
    "splink": "Splink",
    "splink-u10m": "Splink, u from 10M pairs",
    "recordlinkage": "recordlinkage, ECM",
    "dedupe": "dedupe, 1,000 labels",
}
ORDER = tuple(NAMES)


def lines(measured: list[Measured]) -> Iterator[str]:
    """The whole text between the markers of the page, a line each."""
    for source in dict.fromkeys(entry["input"] for entry in measured):
        here = [entry for entry in measured if entry["input"] == source]
        here.sort(key=lambda entry: ORDER.index(entry["tool"]))
        # what shows growth only is in the picture
        if all(entry["growth"] for entry in here):
            continue
        yield f"### {_title(here[0])}"
        yield ""
        yield from _speed(here)
        yield ""
        yield from _diplomas(here) if here[0]["task"] == "diplomas" else _febrl(here)
        yield ""


def _title(entry: Measured) -> str:
    if entry["task"] == "febrl4":
        return "FEBRL4: 5,000 rows to 5,000"
    if entry["task"] == "febrl3":
        return "FEBRL3: 5,000 rows with doubles"
    seed = entry["input"].rpartition("seed")[2]
    return f"{entry['left']:,} records to {entry['right']:,} degrees (seed {seed})"


def _speed(here: list[Measured]) -> Iterator[str]:
    heads = (
        "",
        *(f"{name}, s" for name in PHASES),
        "total, s",
        "times ours",
        "peak memory, MB",
        "pairs",
    )
    yield _row(heads)
    yield _row(["---"] * len(heads))
    own = next((e["total"] for e in here if e["tool"] == "ours" and "total" in e), None)
    for entry in here:
        name, memory = NAMES[entry["tool"]], f"{entry['memory']:,.0f}"
        if "total" not in entry:
            blanks = ["–"] * len(PHASES)
            yield _row([name, *blanks, entry["failed"], "–", memory, "–"])
            continue
        total = f"{entry['total']:.1f}"
        if entry["most"] - entry["least"] > 0.1 * entry["total"]:
            total += f" ({entry['least']:.1f}–{entry['most']:.1f})"
        times = f"{entry['total'] / own:.1f}" if own else "–"
        phases = [f"{entry['seconds'][phase]:.1f}" for phase in PHASES]
        yield _row([name, *phases, total, times, memory, f"{entry['pairs']:,}"])


def _diplomas(here: list[Measured]) -> Iterator[str]:
    scored = [entry for entry in here if "score" in entry]
    if not scored:
        return
    yield (
        f"Right links accepted, of {scored[0]['score']['findable']:,} that there are to find, at the "
        "best threshold of each tool (in brackets: threshold and least margin, both best):"
    )
    yield ""
    shares = ("0.99", "0.999", "0.9999")
    heads = ("", "all best candidates: precision", "recall", *(_at(share) for share in shares))
    yield _row(heads)
    yield _row(["---"] * len(heads))
    for entry in scored:
        score = entry["score"]
        cells = [f"{score['all']['precision']:.2%}", f"{score['all']['recall']:.2%}"]
        for share in shares:
            alone, clear = score["points"][share], score["points_with_margin"][share]
            cells.append(f"{alone['recall']:.1%} ({clear['recall']:.1%})")
        yield _row([NAMES[entry["tool"]], *cells])
    yield ""
    yield from _decided(scored)
    yield "Wrong links by whose the degree is:"
    yield ""
    yield _row(["", "", *KINDS])
    yield _row(["---"] * (len(KINDS) + 2))
    said = {"all": "all best candidates", "0.99": "at 99% precision", "decided": "as decided"}
    for entry in scored:
        for which, words in said.items():
            if which in entry["score"]["wrong"]:
                kinds = entry["score"]["wrong"][which]
                counts = [f"{kinds[kind]:,}" for kind in KINDS]
                yield _row([NAMES[entry["tool"]], words, *counts])


def _decided(scored: list[Measured]) -> Iterator[str]:
    """What this project decided without the truth, which no peer was asked to."""
    for entry in scored:
        if decided := entry["score"].get("decided"):
            yield (
                f"As decided, without knowing the truth: {decided['accepted']:,} links accepted, "
                f"{decided['wrong']:,} of them wrong (precision {decided['precision']:.4%}); "
                f"{decided['linked'] / decided['linkable']:.2%} of the {decided['linkable']:,} rows "
                f"that should be linked are, and {decided['needless'] / decided['certain']:.2%} of "
                f"{decided['certain']:,} were sent to a university without need."
            )
            yield ""


def _febrl(here: list[Measured]) -> Iterator[str]:
    heads = ("", "recall with no wrong link", "best F1", "precision there", "recall there")
    yield _row(heads)
    yield _row(["---"] * len(heads))
    for entry in here:
        if "score" not in entry:
            continue
        score, name = entry["score"], NAMES[entry["tool"]]
        top = score["f1"]
        cells = [f"{score['points']['1.0']['recall']:.2%}", f"{f1(top):.4f}"]
        yield _row([name, *cells, f"{top['precision']:.2%}", f"{top['recall']:.2%}"])
        for which, words in (("decided", "as decided"), ("clusters", "clusters")):
            if point := score.get(which):
                none = f"{point['recall']:.2%}" if not point["wrong"] else "–"
                both = (f"{point['precision']:.2%}", f"{point['recall']:.2%}")
                yield _row([f"{name}, {words}", none, f"{f1(point):.4f}", *both])


def _at(share: str) -> str:
    return f"at {float(share) * 100:g}%"


def _row(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"
