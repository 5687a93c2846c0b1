"""Words across a page as plain outlines: seen by people, and in no reader's text."""

from __future__ import annotations

from functools import cache
from math import cos, radians, sin

import uharfbuzz as hb  # type: ignore[import-untyped]
from fpdf import FPDF

from migrate.persian import typeface

# a command of a path and its points, in units of the font, y upwards
Stroke = tuple[str, tuple[float, ...]]


@cache
def outlines(text: str) -> tuple[tuple[Stroke, ...], float, int]:
    """The outlines of a line of bold text from (0, 0), its width, and the font's units per em."""
    face = hb.Face(typeface.truetype(bold=True).read_bytes())
    font = hb.Font(face)
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(font, buffer)
    strokes: list[Stroke] = []
    pen = hb.DrawFuncs()
    pen.set_move_to_func(lambda x, y, state: state("M", x, y))
    pen.set_line_to_func(lambda x, y, state: state("L", x, y))
    pen.set_quadratic_to_func(lambda a, b, x, y, state: state("Q", a, b, x, y))
    pen.set_cubic_to_func(lambda a, b, c, d, x, y, state: state("C", a, b, c, d, x, y))
    pen.set_close_path_func(lambda state: state("Z"))
    along = 0.0
    for glyph, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        left, up = along + place.x_offset, place.y_offset

        def put(command: str, *points: float, left: float = left, up: float = up) -> None:
            moved = (value + (up if at % 2 else left) for at, value in enumerate(points))
            strokes.append((command, tuple(moved)))

        font.draw_glyph(glyph.codepoint, pen, put)
        along += place.x_advance
    return tuple(strokes), along, face.upem


def across(pdf: FPDF, text: str, size: float, degrees: float, ink: tuple[int, int, int]) -> None:
    """Text across the middle of the page that is being drawn.

    :param size: of an em, in millimetres. ``degrees``: how steeply it climbs to the right.
    """
    strokes, width, upem = outlines(text)
    scale, turn = size / upem, radians(degrees)

    def onto(points: tuple[float, ...]) -> list[float]:
        found = []
        for x, y in zip(points[::2], points[1::2], strict=True):
            # a third of an em up is the middle of the letters
            right, up = (x - width / 2) * scale, (y - upem / 3) * scale
            found.append(pdf.w / 2 + right * cos(turn) - up * sin(turn))
            found.append(pdf.h / 2 - right * sin(turn) - up * cos(turn))
        return found

    with pdf.new_path() as path:
        path.style.fill_color = "#" + "".join(f"{part:02x}" for part in ink)
        path.style.stroke_color = None
        for command, points in strokes:
            match command:
                case "M":
                    path.move_to(*onto(points))
                case "L":
                    path.line_to(*onto(points))
                case "Q":
                    path.quadratic_curve_to(*onto(points))
                case "C":
                    path.curve_to(*onto(points))
                case _:
                    path.close()
