"""The page in a browser: things are where they belong, and answer to mouse, keyboard, phone and printer.

That nothing is loaded and no error is told holds in every test: ``open_page`` looks at the end.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ember_infer_tools.report import make_report
from ember_infer_tools.report.page import render
from tests.support.effort import left_to_ci
from tests.tools.report.conftest import Open
from tests.tools.report.reports import HOSTILE, chain, page_of

OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll(".node .box")].map((box) => box.getBoundingClientRect());
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)).length;
}"""
SPILT = """() => [...document.querySelectorAll(".node text")].filter((text) => {
  const box = text.parentNode.querySelector(".box").getBoundingClientRect(), own = text.getBoundingClientRect();
  return own.left < box.left || own.right > box.right || own.top < box.top || own.bottom > box.bottom;
}).map((text) => text.textContent)"""
CUT = """() => [...document.querySelectorAll(".table")].filter((table) => table.scrollWidth > table.clientWidth)
  .map((table) => `${table.parentNode.id} by ${table.scrollWidth - table.clientWidth}`)"""
WIDER = "() => document.documentElement.scrollWidth - window.innerWidth"


def test_the_graph_has_every_operator_in_a_box_of_its_own(open_page: Open, digits_page: Path) -> None:
    page = open_page(digits_page).page
    assert page.locator("a.node").count() == 13
    assert page.evaluate(OVERLAPS) == 0
    assert page.evaluate(SPILT) == []
    assert page.locator(".ways path").count() == 16


def test_a_click_in_graph_table_or_arena_shows_the_layer_and_no_other(open_page: Open, digits_page: Path) -> None:
    page = open_page(digits_page).page
    for where, layer in (
        ("a.node[data-layer='2']", "pointwise2"),
        ("#layer-table tr[data-layer='5'] a", "conv3"),
        ("#layer-table tr[data-layer='7'] td:nth-child(4)", "pointwise4"),
        (".block[data-layer='0'] rect", "conv1"),
        ("#differences tr[data-layer='12'] a", "probabilities"),
        ("#findings a[href='#layer-0']", "conv1"),
    ):
        page.locator(where).first.click()
        shown = page.locator("article:visible")
        assert shown.count() == 1, where
        assert shown.locator("h3").inner_text().startswith(layer)
    assert page.locator("article:visible .map svg").count() > 0


def test_details_lead_on_to_the_layers_beside(open_page: Open, digits_page: Path) -> None:
    page = open_page(digits_page).page
    page.locator("a.node[data-layer='1']").click()
    page.locator("article:visible dd a", has_text="pointwise2").click()
    assert page.locator("article:visible h3").inner_text().startswith("pointwise2")
    assert page.evaluate("document.querySelector('.node.current').dataset.layer") == "2"


def test_all_of_it_works_from_the_keyboard(open_page: Open, digits_page: Path) -> None:
    page = open_page(digits_page).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("a.node[data-layer='3']").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "layer-3-title"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.layer") == "3"
    assert page.locator("article:visible").count() == 0


def test_search_counts_dims_the_rest_and_steps_through(open_page: Open, digits_page: Path) -> None:
    page = open_page(digits_page).page
    page.locator("#search").fill("conv_2d 3x3")
    assert page.locator("#matches").inner_text() == "4 of 13 layers"
    assert page.locator("a.node:not(.dim)").count() == 4
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.locator("article:visible h3").inner_text().startswith("depthwise2")
    assert page.locator("#matches").inner_text() == "2 of 4"
    page.locator("#search").fill("nothing has this")
    assert page.locator("#matches").inner_text() == "0 of 13 layers"
    page.keyboard.press("Escape")
    assert page.locator(".dim").count() == 0


def test_the_graph_zooms_and_fits(open_page: Open, digits_page: Path) -> None:
    page = open_page(digits_page).page

    def height() -> float:
        box: dict[str, float] | None = page.locator("#drawing").bounding_box()
        assert box is not None
        return box["height"]

    before = height()
    page.get_by_role("button", name="Zoom in").click()
    assert height() == pytest.approx(before * 1.25)
    page.get_by_role("button", name="Fit").click()
    window = page.locator("#viewport").bounding_box()
    assert window is not None
    assert height() <= window["height"]
    page.locator("#viewport").focus()
    page.keyboard.press("1")
    assert height() == pytest.approx(before)


def test_a_link_to_a_layer_opens_it(open_page: Open, digits_page: Path) -> None:
    opened = open_page(digits_page)
    opened.page.evaluate("location.hash = '#layer-9'")
    assert opened.page.locator("article:visible h3").inner_text().startswith("average_pool")


def test_back_undoes_one_choice_after_the_other_and_stays_on_the_page(open_page: Open, digits_page: Path) -> None:
    page = open_page(digits_page).page

    def shown() -> list[str]:
        return [title.split()[0] for title in page.locator("article:visible h3").all_inner_texts()]

    page.locator("a.node[data-layer='0']").click()
    page.locator("#layer-table tr[data-layer='5'] a").click()
    page.get_by_role("link", name="Arena", exact=True).click()
    assert shown() == ["conv3"]  # a section is gone to beside it
    page.keyboard.press("Escape")
    assert (shown(), page.url) == ([], digits_page.as_uri())
    for expected in (["conv3"], ["conv3"], ["conv1"], []):
        page.go_back()
        assert shown() == expected
    assert page.url == digits_page.as_uri()
    page.go_forward()
    assert shown() == ["conv1"]
    assert page.locator(".node.current").get_attribute("data-layer") == "0"


def test_a_tall_graph_fits_and_its_boxes_can_still_be_told_apart(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "tall.html"
    path.write_text(page_of(chain([f"t{number}" for number in range(101)])), encoding="utf-8")
    page = open_page(path).page
    page.get_by_role("button", name="Fit").click()
    drawing, box = (page.locator(what).first.bounding_box() for what in ("#drawing", ".node .box"))
    window = page.locator("#viewport").bounding_box()
    assert drawing is not None
    assert box is not None
    assert window is not None
    assert drawing["width"] <= window["width"]
    assert box["width"] > 80


@pytest.mark.parametrize("width", [1130, 1180, 1280, 1600, 1920])
def test_on_a_desk_no_table_is_cut(open_page: Open, digits_page: Path, width: int) -> None:
    page = open_page(digits_page, width=width).page
    assert page.evaluate(CUT) == []
    heads = page.locator("#layer-table thead th.num:visible").all_inner_texts()
    assert heads == ["#", "MACs", "Time A", "Time B", "Weights"]


def test_on_a_phone_nothing_is_wider_than_it_and_details_are_a_sheet(open_page: Open, digits_page: Path) -> None:
    page = open_page(digits_page, width=390, height=844, has_touch=True).page
    assert page.evaluate(WIDER) == 0
    for section in page.locator("nav a").all():
        box = section.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390
    page.locator("a.node[data-layer='0']").tap()
    sheet = page.locator("aside").bounding_box()
    assert sheet is not None
    assert (sheet["x"], sheet["width"], sheet["y"] + sheet["height"]) == (0, 390, 844)
    assert page.evaluate(WIDER) == 0
    page.get_by_role("button", name="Close").tap()
    assert not page.locator("aside").is_visible()


def test_dark_where_the_system_is(open_page: Open, digits_page: Path) -> None:
    colours = [
        open_page(digits_page, color_scheme=scheme).page.evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert colours == ["rgb(247, 246, 243)", "rgb(21, 23, 26)"]


def test_on_paper_there_are_details_and_no_tools(open_page: Open, digits_page: Path) -> None:
    page = open_page(digits_page).page
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert not page.locator("#search").is_visible()
    assert page.locator("article:visible").count() == 13
    assert page.locator(".finding:visible").count() == page.locator(".finding").count() > 1


def test_without_scripts_everything_is_one_document(open_page: Open, digits_page: Path) -> None:
    page = open_page(digits_page, java_script_enabled=False).page
    assert page.locator("article:visible").count() == 13
    assert not page.locator("#zooms").is_visible()


def test_hostile_names_stay_text(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(page_of(chain([HOSTILE, "b" + HOSTILE, HOSTILE * 20])), encoding="utf-8")
    page = open_page(path).page
    page.locator("a.node").first.click()
    assert "<img src=x onerror=alert(1)>" in page.locator("article:visible").inner_text()
    assert page.locator("img").count() == 0


def test_a_page_of_very_many_layers_opens(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "many.html"
    path.write_text(page_of(chain([f"t{number}" for number in range(1101)])), encoding="utf-8")
    page = open_page(path).page
    assert page.locator("article").count() == 250
    page.locator("#search").fill("t249")
    assert page.locator("#matches").inner_text().endswith("of 250 layers")
    page.locator(".block rect").last.click()  # of a layer without details
    assert page.url == path.as_uri()
    assert page.locator("article:visible").count() == 0


@left_to_ci
def test_a_large_model_is_a_small_page_that_opens_soon(open_page: Open, shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "mobilenet.html"
    model = shared / "models" / "mobilenet_v3_small.tflite"
    path.write_text(render(make_report(model, "ref", "ref,rounding=float", samples=1)), encoding="utf-8")
    assert path.stat().st_size < 2_000_000
    page = open_page(path).page
    # A second on an idle machine; CI's is not.
    assert page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd") < 5000
    assert page.evaluate(OVERLAPS) == 0
    assert page.evaluate(SPILT) == []
