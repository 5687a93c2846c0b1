"""Tables for the notebooks: plain HTML, escaped, the same bytes for the same values."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True, repr=False)
class Table:
    """A frame as a notebook shows it.

    ``formats`` gives a column's numbers their form ("{:,}", "{:.1%}"). Values of the source are
    escaped: what a ledger holds is text, never markup.
    """

    frame: pd.DataFrame
    formats: Mapping[str, str] = field(default_factory=dict)
    caption: str = ""

    def _shown(self) -> pd.DataFrame:
        shown = pd.DataFrame(index=self.frame.index)
        for name in self.frame.columns:
            form = self.formats.get(name, "{}")
            shown[name] = [
                "" if value is None or value is pd.NA or value != value else form.format(value)
                for value in self.frame[name].tolist()
            ]
        return shown

    def _repr_html_(self) -> str:
        with pd.option_context("display.max_colwidth", None):
            body = self._shown().to_html(index=False, border=0, na_rep="")
        if not self.caption:
            return body
        return body.replace("<thead>", f"<caption>{html.escape(self.caption)}</caption><thead>", 1)

    def __repr__(self) -> str:
        with pd.option_context("display.max_colwidth", None, "display.width", 120):
            body = self._shown().to_string(index=False)
        return f"{self.caption}\n{body}" if self.caption else body
