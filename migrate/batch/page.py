"""An executed notebook as one HTML file that asks nothing of the network."""

from __future__ import annotations

import html
from pathlib import Path

from migrate.persian import typeface

_STYLE = """
body{font-family:Vazirmatn,system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1c2430;line-height:1.55}
h1,h2,h3{line-height:1.25;margin:1.6em 0 .5em}h1{font-size:1.7rem}h2{font-size:1.25rem}
pre{background:#f6f7f9;border:1px solid #e3e6ea;border-radius:6px;padding:.6rem .8rem;
overflow-x:auto;font-size:.82rem;white-space:pre-wrap;overflow-wrap:anywhere}
.jp-InputPrompt,.jp-OutputPrompt,.prompt,.anchor-link{display:none}
.jp-OutputArea-output,.output_area,.output_html{overflow-x:auto;margin:.4rem 0}
table{border-collapse:collapse;font-size:.85rem;margin:.6rem 0}
th,td{border-bottom:1px solid #e3e6ea;padding:.25rem .7rem;text-align:start;vertical-align:top}
caption{text-align:start;font-weight:600;padding:.3rem 0}
thead th{border-bottom:2px solid #aab2bd}td{unicode-bidi:plaintext}
img{max-width:100%;height:auto}
@media print{body{max-width:none;margin:0}pre{white-space:pre-wrap}}
"""


def notebook_page(executed: Path) -> str:
    """Render an executed ``.ipynb`` as HTML: no script, no outside address, the font within it."""
    from nbconvert import HTMLExporter
    from pygments.formatters import HtmlFormatter

    exporter = HTMLExporter(template_name="basic")  # type: ignore[no-untyped-call]
    body, _ = exporter.from_filename(str(executed))
    code_style = HtmlFormatter(style="default").get_style_defs(".highlight")
    title = html.escape(f"{executed.parent.parent.name} — {executed.stem}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{typeface.css()}{code_style}{_STYLE}</style></head>"
        f"<body>\n{body}\n</body></html>\n"
    )
