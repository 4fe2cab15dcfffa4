"""Makes the pictures of docs/report.md again: ``python -m tests.docs.report_pictures``.

They need what the tests of the page need: the extra ``browser``, and Debian's chromium. They are small, in 256 colours:
of fewer, what differs end to end would have the colour of a link.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from ember_infer_macros import load
from ember_infer_tools.report import make_report
from ember_infer_tools.report.page import render
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "docs"
COLOURS = 256


def main() -> None:
    """Writes them."""
    model = REPOSITORY / "models" / "digits.tflite"
    with np.load(REPOSITORY / "models" / "digits_heldout.npz") as archive:
        samples = np.asarray(load(model).quantize(archive["images"]))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = Path(folder) / "digits.html"
        page.write_text(render(make_report(model, "ref", "ref,rounding=float", samples)), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        _picture(browser, page, "report-graph", "#layer-5", 1180, 760, "light", scroll=0)
        _picture(browser, page, "report-map", "#layer-8", 1180, 620, "light", scroll=430, to="#differences")
        _picture(browser, page, "report-arena", "", 1180, 620, "dark", scroll=0, to="#arena")
        browser.close()


def _picture(
    browser: Browser,
    path: Path,
    name: str,
    layer: str,
    width: int,
    height: int,
    scheme: str,
    *,
    scroll: int,
    to: str = "",
) -> None:
    """A part of the page: with a layer's details scrolled so far, and the rest to a section."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(path.as_uri() + layer)
    page.evaluate(
        "([to, y]) => { if (to) document.querySelector(to).scrollIntoView(); details.scrollTop = y; }", [to, scroll]
    )
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)
    context.close()


if __name__ == "__main__":
    main()
