"""PDF and PNG by a real browser, where there is one."""

import struct
import subprocess
from pathlib import Path

import pytest

from alprsim import results
from alprsim.report import browser, formats
from alprsim.tables import DAY
from tests import fake_run


@pytest.fixture(scope="module", autouse=True)
def program() -> str:
    try:
        return browser.find()
    except browser.BrowserError as error:
        pytest.skip(f"no browser to test with: {error}")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> results.Run:
    return results.load(fake_run.build(tmp_path_factory.mktemp("runs") / "fake", ladder=(3 * DAY, 21 * DAY)))


def test_the_page_prints_on_a4(run: results.Run, tmp_path: Path) -> None:
    content = formats.write(run, "pdf", tmp_path / "new" / "page.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"/MediaBox [0 0 594.9" in content  # A4: 595 × 842 points
    assert content.count(b"/Type /Page\n") >= 3


def test_a_figure_is_drawn_twice_as_large_as_its_units(run: results.Run, tmp_path: Path) -> None:
    figure = run.ladder()
    content = figure.save(tmp_path / "figure.png").read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    assert content.startswith(b"\x89PNG")
    assert f'viewBox="0 0 {width // 2} {height // 2}"' in figure.svg
    assert len(content) > 20_000  # it is not blank


def test_a_browser_that_fails_is_said(run: results.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(browser.BrowserError, match="looked for: nothing-like-it"):
        run.map().save(tmp_path / "figure.png", program="nothing-like-it")
    with pytest.raises(browser.BrowserError, match=r"true did not write .*figure\.png: exit status 0"):
        run.map().save(tmp_path / "figure.png", program="true")
    with pytest.raises(browser.BrowserError, match="does not say how large it is"):
        browser.png("<svg/>", tmp_path / "figure.png")

    def hangs(command: list[str], **_: object) -> None:
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(subprocess, "run", hangs)
    with pytest.raises(browser.BrowserError, match="within 180 s"):
        run.map().save(tmp_path / "figure.png")
