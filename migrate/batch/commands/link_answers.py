"""What `migrate link` answers of rules and pairs: text for a person, plain values for a machine."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from migrate.diplomas.inspection import Account, AsRead, Inspected, Truth, account, truth_of
from migrate.linkage.artefact import read_table, write_whole
from migrate.linkage.explanation import Explanation
from migrate.linkage.missed import lacking
from migrate.linkage.proposals import propose, table_of
from migrate.linkage.recall import Judged, KnownLinks, judge, sure_links, true_links
from migrate.linkage.waterfall import Form, waterfall

# missed links that the report names, to be explained one by one
_NAMED = 5
_LOOKED_AT = 500


@dataclass(frozen=True)
class Answer:
    """``text`` for a terminal, ``data`` as it goes into JSON."""

    text: str
    data: dict[str, Any]


def blocking(inspected: Inspected, truth: Path | None, price: float) -> Answer:
    """Judge the blocking rules by a truth file, or by the sure links where there is none."""
    linkage = inspected.linkage
    found: Truth | None = None
    if truth is None:
        known = sure_links(linkage)
    else:
        lines = read_table(truth, ("legacy_id", "degree_id"))
        pairs = [(line["legacy_id"], line["degree_id"]) for _, line in lines]
        found = truth_of(inspected, pairs)
        known = true_links(linkage, np.array(found.left), np.array(found.right))
    judged = judge(linkage, inspected.left, inspected.right, known)
    proposals = propose(linkage.model, inspected.left, inspected.right, known, price=price)
    proposed = table_of(proposals, known)
    pairs_made, every = len(linkage.left), inspected.left.num_rows * inspected.right.num_rows
    data = {
        "records": inspected.left.num_rows,
        "degrees": inspected.right.num_rows,
        "pairs": pairs_made,
        "judged_by": judged.basis,
        "links": judged.links,
        "found": judged.found,
        "missed": judged.missed,
        "left_out": judged.left_out,
        "recall": judged.recall,
        "rules": judged.table.to_dict("records"),
        "proposals": [asdict(one) for one in proposals],
        "missed_links": _missed(inspected, known),
        "missed_for_want_of": lacking(linkage.model, inspected.left, inspected.right, _few(known)),
    }
    if found is not None:
        data |= {"not_compared": found.not_compared, "not_in_registry": found.not_in_registry}
    lines_said = [
        f"{inspected.left.num_rows:,} records, {inspected.right.num_rows:,} degrees: "
        f"{pairs_made:,} pairs compared, {pairs_made / max(every, 1):.4%} of all",
        "",
        _rules(judged.table),
        "",
        judged.text(),
        *_asides(data, judged),
        "",
        f"Rules that would bring more, each link for at most {price:,.0f} pairs:",
        _numbers(proposed) if len(proposed) else "  none of the model's columns, by two or three",
    ]
    return Answer("\n".join(lines_said), data)


def _missed(inspected: Inspected, known: KnownLinks) -> list[dict[str, str | None]]:
    missed = np.flatnonzero(known.missed)
    records, degrees = inspected.left.column("legacy_id"), inspected.right.column("degree_id")
    return [
        {
            "legacy_id": records[int(known.left[place])].as_py(),
            "degree_id": degrees[int(known.right[place])].as_py(),
        }
        for place in missed
    ]


def _few(known: KnownLinks) -> list[tuple[int, int]]:
    """The missed links, at most some hundreds: each is looked at by itself."""
    places = np.flatnonzero(known.missed)[:_LOOKED_AT]
    return [(int(known.left[place]), int(known.right[place])) for place in places]


def _asides(data: dict[str, Any], judged: Judged) -> list[str]:
    said = []
    if data.get("not_compared") or data.get("not_in_registry"):
        said.append(
            f"of the truth file {data['not_compared']:,} links are of records that were not "
            f"compared, {data['not_in_registry']:,} of degrees that the registry has not"
        )
    if data["missed_for_want_of"]:
        wants = [f"{column} ({count})" for column, count in data["missed_for_want_of"].items()]
        said.append("the missed want, of their nearest rule: " + ", ".join(wants[:_NAMED]))
    if data["missed_links"]:
        first = data["missed_links"][:_NAMED]
        named = "; ".join(f"--explain {m['legacy_id']} --degree {m['degree_id']}" for m in first)
        said.append(f"to see why they were missed: {named}")
    idle = judged.table[judged.table["by it alone"] == 0]["rule"]
    if len(idle):
        said.append("could be dropped, one at a time, with no known link lost: " + ", ".join(idle))
    return said


def _rules(table: pd.DataFrame) -> str:
    shown = table.assign(
        **{name: table[name].map("{:.4%}".format) for name in ("recall", "recall without it")}
    )
    return _numbers(shown)


def _numbers(table: pd.DataFrame) -> str:
    """A table with thousands apart, its first column from the left."""
    first = table.columns[0]
    width = int(table[first].str.len().max()) if len(table) else 0
    shown = table.assign(**{first: table[first].str.ljust(width)})
    for name in table.columns[1:]:
        if pd.api.types.is_integer_dtype(table[name]):
            shown[name] = table[name].map("{:,}".format)
    return shown.rename(columns={first: first.ljust(width)}).to_string(index=False)


def explained(
    inspected: Inspected,
    as_read: AsRead,
    legacy_id: str,
    degree_id: str | None,
    drawing: tuple[Path, Form] | None,
) -> Answer:
    """Explain a record's best candidate, or a named degree; draw it where a file is named."""
    found = account(inspected, legacy_id, degree_id, as_read=as_read)
    text = found.text()
    if drawing is not None and found.pair is not None:
        picture, form = drawing
        drawn = waterfall(
            found.pair,
            form=form,
            sides=("legacy record", "degree"),
            title=f"legacy record {legacy_id}, degree {found.degree_id}",
        )
        write_whole(picture, drawn)
        text += f"wrote {picture}\n"
    return Answer(text.rstrip("\n"), _account(found))


def _account(found: Account) -> dict[str, Any]:
    data: dict[str, Any] = {"outcome": found.outcome, "degree_id": found.degree_id}
    if found.pair is None or found.missed is None:
        return data | {"pair": None}
    data["pair"] = _pair(found.pair)
    data["calibrated"] = found.calibrated
    data["lost"] = found.missed.lost
    data["rules"] = _plain(found.missed.table())
    if found.rival is not None:
        data["runner_up"] = {
            "degree_id": found.rival_id,
            "margin": found.rival.margin,
            "same_person": found.rival.same_entity,
            "probability": found.rival.other.probability,
            "fields": _plain(found.rival.table()),
        }
    return data


def _pair(pair: Explanation) -> dict[str, Any]:
    return {
        "candidate": pair.candidate,
        "probability": pair.probability,
        "person_alone": pair.alone,
        "contradicts": list(pair.contradicts),
        "fields": _plain(pair.table()),
        "groups": [
            {name: value for name, value in asdict(question).items() if name != "competitors"}
            for question in pair.questions
        ],
        "competitors": _plain(pair.competitors()),
    }


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values; what is not there is null, not NaN, which is no JSON."""
    rows: list[Any] = table.astype(object).where(table.notna(), None).to_dict("records")
    return rows
