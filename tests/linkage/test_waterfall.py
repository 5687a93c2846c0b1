"""The picture of an explanation: the same bytes each time, all that the table says, and no network."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from linkage_problem import draw
from matplotlib.image import imread

from migrate.errors import InputError
from migrate.linkage.explain import explain
from migrate.linkage.explanation import Explanation
from migrate.linkage.link import link_tables
from migrate.linkage.model import LinkageModel
from migrate.linkage.waterfall import bars, form_of, waterfall

BLUE, VERMILLION = np.array([0, 114, 178]) / 255, np.array([213, 94, 0]) / 255


@pytest.fixture(scope="module")
def explanation(model: LinkageModel) -> Explanation:
    left, right, truth = draw(100, seed=8)
    return explain(link_tables(left, right, model), left, right, (0, truth[0]))


def pixels(png: bytes, colour: np.ndarray) -> int:
    """How many pixels have a colour."""
    picture = imread(io.BytesIO(png))[:, :, :3]
    return int((np.abs(picture - colour).max(axis=2) < 0.02).sum())


def test_the_same_explanation_gives_the_same_bytes(explanation: Explanation) -> None:
    for form, begins in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        first, second = (waterfall(explanation, form=form) for _ in range(2))
        assert first == second
        assert first.startswith(begins)


def test_bars_lead_from_the_prior_to_the_total_of_each_question(explanation: Explanation) -> None:
    drawn = [bar for bar in bars(explanation) if bar.bits is not None]
    at = 0.0
    totals = []
    for bar in drawn:
        if bar.whole:
            assert bar.bits == pytest.approx(at)
            totals.append(bar.bits)
            at = 0.0
        else:
            assert bar.begin == pytest.approx(at)
            at += bar.bits
    owner, boat = explanation.questions
    assert totals == pytest.approx(
        [owner.prior + owner.weight + owner.spoken, boat.prior + boat.weight]
    )


def test_bits_for_and_against_have_colours_of_their_own(explanation: Explanation) -> None:
    fields = [replace(entry, weight=5.0, term=0.0) for entry in explanation.fields]
    questions = tuple(
        replace(question, prior=1.0, weight=5.0, spoken=0.0) for question in explanation.questions
    )
    favourable = replace(explanation, fields=tuple(fields), questions=questions)
    against = replace(favourable, fields=(replace(fields[0], weight=-5.0), *fields[1:]))
    assert pixels(waterfall(favourable), VERMILLION) == 0
    assert pixels(waterfall(favourable), BLUE) > 1000
    assert pixels(waterfall(against), VERMILLION) > 200


def test_the_letters_of_a_persian_value_are_joined(explanation: Explanation) -> None:
    def width(value: str) -> int:
        fields = tuple(replace(entry, left="", right="") for entry in explanation.fields)
        shown = replace(explanation, fields=(replace(fields[0], left=value), *fields[1:]))
        # the column of left values
        picture = imread(io.BytesIO(waterfall(shown)))[:, 700:900, :3]
        inked = np.flatnonzero(picture.min(axis=(0, 2)) < 0.5)
        return int(inked.max() - inked.min())

    # joined letters take less room than the same letters kept apart
    assert width("ببببب") < 0.8 * width("\u200c".join("ببببب"))


def test_an_svg_needs_no_network_and_no_font(explanation: Explanation) -> None:
    text = waterfall(explanation, form="svg").decode()
    root = ET.fromstring(text)
    links = [value for node in root.iter() for key, value in node.attrib.items() if "href" in key]
    assert all(link.startswith("#") for link in links)
    assert "font-family" not in text
    assert "<text" not in text


def test_only_a_picture_is_written() -> None:
    assert form_of(Path("a.PNG")) == "png"
    assert form_of(Path("b.svg")) == "svg"
    with pytest.raises(InputError, match=r"a picture is a \.png or an \.svg file"):
        form_of(Path("c.pdf"))
