"""The page as text: whole, accessible, bounded, and what a file holds is text in it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter

import pytest

from ember_infer_tools.report import Report, make_report
from ember_infer_tools.report.page import render
from ember_infer_tools.report.words import seconds
from ember_infer_tools.tflite_writer import ModelWriter
from tests.tools.comparing import DIGITS
from tests.tools.report.reports import HOSTILE, Page, chain, page_of


@pytest.fixture(scope="module")
def report() -> Report:
    return make_report(DIGITS, "ref", "ref,rounding=float", samples=8)


@pytest.fixture(scope="module")
def text(report: Report) -> str:
    return render(report)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_every_element_ends_where_it_should(page: Page) -> None:
    assert page.open == []


def test_every_link_leads_to_one_place_on_the_page(page: Page) -> None:
    ids = Counter(page.values("id"))
    assert set(ids.values()) == {1}
    targets = {link.removeprefix("#") for link in page.values("href")}
    assert targets <= ids.keys()
    labels = {name for value in page.values("aria-labelledby") for name in value.split()}
    assert labels <= ids.keys()


def test_nothing_is_loaded_from_elsewhere(page: Page, text: str) -> None:
    assert "src" not in {name for _, attributes in page.elements for name in attributes}
    assert all(link.startswith("#") for link in page.values("href"))
    assert not re.search(r"https?:|@import|url\((?!#)", text)


def test_the_policy_allows_this_style_and_this_script_and_no_more(page: Page, text: str) -> None:
    policy = next(str(meta["content"]) for meta in page.all("meta") if "http-equiv" in meta)
    for tag in ("style", "script"):
        found = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert len(found) == 1
        checksum = base64.b64encode(hashlib.sha256(found[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{checksum}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert not {"style", "onclick", "onload"} & {name for _, attributes in page.elements for name in attributes}


def test_headings_and_landmarks_are_there_for_who_listens(page: Page, text: str) -> None:
    tags = Counter(tag for tag, _ in page.elements)
    for tag in ("header", "nav", "main", "aside", "footer", "h1"):
        assert tags[tag] == 1, tag
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False))
    assert all("scope" in cell for cell in page.all("th"))
    assert '<html lang="en">' in text


def test_pictures_say_what_they_show(page: Page) -> None:
    for picture in page.all("svg"):
        assert "aria-label" in picture or picture.get("aria-hidden") == "true"


def test_figures_are_those_of_the_tools(page: Page, report: Report) -> None:
    shown = " ".join(page.text.split())
    for part in (
        "13 operators, all supported",
        "130,816",
        "3,072 bytes after planning; 6,612",
        "Run on 8 samples, random, seed 0.",
        "First layer that differs on the same input: conv1.",
        "every element as the dialect",
        "CONV_2D 3x3 SAME RELU",
        "scale 0.0731542, zero point -128",
        "odd-channels",
    ):
        assert part in shown, part
    assert report.comparison is not None
    for layer in report.comparison.end_to_end:
        assert layer.difference is not None
        assert f"{layer.difference.different:,}" in shown


def test_columns_of_times_have_short_heads_and_it_is_said_whose_they_are(page: Page) -> None:
    shown = " ".join(page.text.split())
    assert "Time A" in shown
    assert "Time A: RefBackend. Time B: RefBackend,rounding=float." in shown


def test_long_names_go_on_in_the_next_line_after_a_sign_of_their_own() -> None:
    text = page_of(chain(["in", "model/block_1/add"]))
    assert "model/<wbr>block_<wbr>1/<wbr>add" in text


def test_equal_sides_are_said_to_be_equal() -> None:
    shown = " ".join(Page(render(make_report(DIGITS, "ref", "ref"))).text.split())
    assert "Equal: 12 of 12 layers fed the same input" in shown
    assert "differs on the same input" not in shown  # a legend of what is nowhere


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.5e-10, "0.25 ns"),
        (6e-6, "6.00 µs"),
        (6.27e-6, "6.27 µs"),
        (99.96e-6, "100 µs"),
        (999.6e-6, "1.00 ms"),
        (0.0123, "12.3 ms"),
        (75, "75.0 s"),
    ],
)
def test_times_have_three_digits(value: float, expected: str) -> None:
    assert seconds(value) == expected


def test_a_time_says_of_which_round_it_is(page: Page) -> None:
    assert "RefBackend, best round" in page.text


def test_a_copy_that_the_compiler_adds_is_no_operator_of_the_file() -> None:
    writer = ModelWriter()
    source, middle, result = (writer.tensor(name, (1, 2), scale=1.0) for name in ("x", "a", "b"))
    writer.operator("ABS", [source], [middle])
    writer.operator("ABS", [middle], [result])
    report = make_report(writer.finish([source], [result, source]))
    assert report.model.arena.operators == (0, 1, None)
    shown = " ".join(Page(render(report)).text.split())
    assert "from operator 1 to a copy" in shown
    assert "operator 2" not in shown


def hostile() -> bytes:
    return chain([HOSTILE, "b" + HOSTILE, HOSTILE * 50])


def test_hostile_names_stay_text() -> None:
    text = page_of(hostile())
    page = Page(text)
    assert not page.all("img")
    assert len(page.all("script")) == 1
    assert "<img src=x" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "\"'49" not in page.text
    assert "\u2028" not in text
    assert "\u202e" not in text


def test_a_hostile_description_and_problem_stay_text() -> None:
    writer = ModelWriter()
    source, result = (writer.tensor(name, (4,), scale=1.0) for name in "ab")
    writer.operator("CUSTOM", [source], [result], custom_code=HOSTILE)
    report = make_report(writer.finish([source], [result], description=f"described as {HOSTILE}"))
    assert "<img" in report.model.problems[0]
    page = Page(render(report))
    assert not page.all("img")
    assert len(page.all("script")) == 1
    assert "described as </script><img src=x" in page.text
    assert page.text.count("<img src=x") >= 3  # the description, the operator, and what stands in the way


def test_a_page_of_very_many_layers_is_small_and_says_what_it_leaves_out() -> None:
    text = page_of(chain([f"{number}{'x' * 500}" for number in range(1101)]))
    assert len(text.encode()) < 1_500_000
    page = Page(text)
    shown = " ".join(page.text.split())
    assert "1,100 operators" in shown
    assert "850 more layers are left out" in shown
    assert "more operators, inputs and outputs are left out" in shown
    assert "not timed one by one: there are more than 1,000" in shown
    assert {link.removeprefix("#") for link in page.values("href")} <= set(page.values("id"))


def test_of_findings_there_are_so_many_that_a_page_has_room_for() -> None:
    writer = ModelWriter()
    source = writer.tensor("in", (2,), scale=0.5)
    for number in range(23):
        writer.operator("ABS", [source], [writer.tensor(f"t{number}", (2,), scale=0.5)])
    shown = " ".join(Page(page_of(writer.finish([source], [source]))).text.split())
    assert "operator 19 ABS: nothing that leads to an output reads its result" in shown
    assert "operator 20 ABS: nothing" not in shown
    assert "3 more of the kind are left out" in shown


def test_very_many_operands_are_a_small_page() -> None:
    writer = ModelWriter()
    sources = [writer.tensor(f"in{number}", (2,), scale=0.5) for number in range(300)]
    result = writer.tensor("out", (2,), scale=0.5)
    writer.operator("ADD_N", sources, [result])
    text = page_of(writer.finish(sources, [result]))
    assert len(text) < 200_000
    assert "and 288 more" in text


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_letters_stand_out_from_every_ground_in_both_themes(text: str) -> None:
    light, dark = re.findall(r":root \{(.*?)\}", text, re.DOTALL)[:2]
    for theme in (light, dark):
        colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", theme))
        for letters in ("ink", "quiet", "accent", "bad", "blue", "green"):
            for ground in ("ground", "surface", "soft"):
                assert _contrast(colours[letters], colours[ground]) >= 4.5, (letters, ground, colours)
        assert _contrast(colours["ink"], colours["bad-soft"]) >= 4.5
