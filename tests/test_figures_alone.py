"""Figures that stand alone, and the page as Markdown: nothing of the page's style or words is lost on the way."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from alprsim import results
from alprsim.cli import main
from alprsim.report import browser, chart, drawn, formats, markdown, opening
from alprsim.report._dressed import dressed
from alprsim.results import words
from alprsim.tables import DAY
from tests import fake_run

LADDER = (3 * DAY, 21 * DAY, 30 * DAY)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> results.Run:
    return results.load(fake_run.build(tmp_path_factory.mktemp("runs") / "fake", ladder=LADDER))


def alone(body: str) -> ElementTree.Element:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><defs>{chart.SHAPES}</defs>{body}</svg>'
    return ElementTree.fromstring(dressed(svg))


# --- style in the elements ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "name", "expected"),
    [
        ('<g class="s1"><path class="stroke" d="M0 0"/></g>', "path", {"stroke": "#c24e00", "fill": "none"}),
        ('<g class="s1"><use href="#m0"/></g>', "use", {"fill": "#c24e00", "stroke": "#fff", "stroke-width": "1"}),
        (
            '<g class="s1 hollow"><use href="#m0"/></g>',
            "use",
            {"fill": "#fff", "stroke": "#c24e00", "stroke-width": "2"},
        ),
        ('<g class="law reported"><path d="M0 0"/></g>', "path", {"stroke": "#55606b", "stroke-dasharray": "4 4"}),
        ('<g class="law"><path d="M0 0"/></g>', "path", {"stroke-dasharray": None}),
        ('<path class="reported" d="M0 0"/>', "path", {"stroke-dasharray": None}),  # it needs both classes
        ('<svg class="map"><path class="local" d="M0 0"/></svg>', "path", {"stroke": "#b9c0c8", "stroke-width": "7"}),
        ('<path class="local" d="M0 0"/>', "path", {"stroke": None}),  # outside a map it is no road
        ('<rect fill="var(--tint)"/>', "rect", {"fill": "#f3f5f7"}),
        ('<g class="s0"><rect fill="currentColor"/></g>', "rect", {"fill": "#0072b2"}),
        ('<g class="s0"><g class="s2"><rect fill="currentColor"/></g></g>', "rect", {"fill": "#00795a"}),
        ('<text class="base title">A</text>', "text", {"font-size": "17", "font-weight": "700", "fill": "#1b1f24"}),
    ],
)
def test_the_style_that_applies_is_written_into_the_element(
    body: str, name: str, expected: dict[str, str | None]
) -> None:
    (element,) = (e for e in alone(body).iter(SVG + name) if e.get("id") is None)
    assert {key: element.get(key) for key in expected} == expected


def test_an_outline_is_a_text_of_its_own_below() -> None:
    halo, text = alone('<text class="note" x="3">7 %</text>').iter(SVG + "text")
    assert (halo.text, halo.get("stroke"), halo.get("fill"), halo.get("aria-hidden")) == ("7 %", "#fff", "none", "true")
    assert (text.text, text.get("stroke"), text.get("fill"), text.get("x")) == ("7 %", None, "#55606b", "3")


# --- figures --------------------------------------------------------------------------------------------------------------


def test_figures_need_nothing_from_elsewhere(run: results.Run) -> None:
    figures = drawn.every(run)
    assert [figure.name for figure in figures] == [
        "ladder-ice-on_request-trips_detected-share_of_horizon_pooled", "frontier", "map",
    ]  # fmt: skip
    for figure in figures:
        root = ElementTree.fromstring(figure.svg)
        assert "Noto Sans" in (root.get("font-family") or "")
        assert not re.search(r"class=|var\(|currentColor|<style|url\(", figure.svg)
        assert {e.get("href") for e in root.iter(SVG + "use")} <= {f"#m{k}" for k in range(chart.MARKERS)}
        assert figure.alt
        assert figure._repr_svg_() == figure.svg


def test_a_run_draws_what_is_asked(run: results.Run, tmp_path: Path) -> None:
    assert repr(run.map()) == f"Figure(map: Where the cameras stand: {run.info['title']})"
    figure = run.ladder(measure="home_found.within_250m", viewer="Vendor", sight="bulk")
    answer = run.answer("No sharing", "Vendor", "bulk", 3 * DAY, "home_found", "within_250m")
    assert figure.title == "Home found: within 250 m; Vendor, bulk sight"
    assert f"No sharing: {words.quantity(answer.mean, 'share')} (" in figure.alt
    assert "Synthetic vehicles; generated streets, assumed cameras, uncalibrated, 3 seeds." in figure.svg
    assert run.ladder(measure="unicity", sight="bulk").title.startswith("Unicity: 4 sightings")
    file = figure.save(tmp_path / "new" / "figure.svg")
    assert file.read_text("utf-8") == figure.svg
    owners = ElementTree.fromstring(run.map().svg)
    assert any((text.text or "").startswith("Vendor pool: ") for text in owners.iter(SVG + "text"))
    assert run.frontier().alt.startswith("ICE (federal consumer). ")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"measure": "trips_detectd"}, "measure: found 'trips_detectd'; the run has trips_detected, "),
        ({"measure": "home_found.within_25m"}, "measure home_found: found 'within_25m'; the run has within_250m, "),
        ({"viewer": "Ice"}, "viewer: found 'Ice'; the run has ICE, "),
        ({"sight": "bulks"}, "sight: found 'bulks'; the run has bulk, request"),
        ({"measure": "unicity", "sight": "request"}, "unicity.p4 was not measured of ICE, request sight"),
    ],
)
def test_what_there_is_not_is_named(run: results.Run, asked: dict[str, str], told: str) -> None:
    with pytest.raises(results.ResultError, match=re.escape(told)):
        run.ladder(**asked)


def test_a_figure_has_no_other_format(run: results.Run, tmp_path: Path) -> None:
    with pytest.raises(results.ResultError, match=r"figure\.gif: a figure is written as \.svg or \.png"):
        run.map().save(tmp_path / "figure.gif")


def test_the_command_says_where_its_figures_are(run: results.Run, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["figures", str(run.folder), "--out", str(tmp_path), "--sight", "bulk"])
    assert done.exit_code == 0, done.output
    assert sorted(map(Path, done.stdout.split())) == sorted(tmp_path.iterdir())
    assert "ladder-ice-bulk-trips_detected-share_of_horizon_pooled.svg" in done.stdout


# --- formats --------------------------------------------------------------------------------------------------------------


def test_markdown_has_the_words_the_tables_and_the_pictures(run: results.Run, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["report", str(run.folder), "--format", "md", "--out", str(tmp_path / "a.md")])
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{tmp_path / 'a.md'}\n"
    text = (tmp_path / "a.md").read_text("utf-8")
    assert "# Three departments, a vendor’s pool & ICE\n" in text
    assert opening.opened(run, {}, {}).sentence in text
    answer = run.answer("No sharing", "ICE", "request", 21 * DAY, "trips_detected", "share_of_horizon_pooled")
    value = f"{words.quantity(answer.mean, 'share')} ({words.interval(answer.low, answer.high, 'share')})"
    assert re.search(rf"\| No sharing \|[^\n]* {re.escape(value)} \|", text)
    links = re.findall(r"\]\((a-figures/[\w-]+\.svg)\)", text)
    assert {"a-figures/ladder.svg", "a-figures/frontier.svg", "a-figures/map.svg"} <= set(links)
    assert sorted(tmp_path / link for link in links) == sorted((tmp_path / "a-figures").iterdir())
    assert all("class=" not in (tmp_path / link).read_text("utf-8") for link in links)
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.M):
        assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1
    assert "<small>" not in text
    assert "```\nname: fake\ncustody:\n  retention: 30 d\n```" in text
    assert "the nearest that was is shown" not in text  # only a script shows it


def test_markdown_of_each_kind_of_block() -> None:
    html = (
        '<header><h1>A &lt;b></h1></header><ul><li>one <strong>two</strong></li><li>three</li></ul><p hidden>no</p>'
        '<p>x<br>y<a href="#z">z</a></p><table><caption>C</caption><tr><td></td><th>a|b</th></tr>'
        "<tr><th>r<small>s</small></th><td>1</td></tr></table><dl><dt>k <small>u</small></dt><dd><p>v</p></dd></dl>"
        "<pre><code>i\n  j</code></pre><script>1 < 2</script><svg><svg></svg></svg><p>end</p>"
    )  # fmt: skip
    assert markdown.converted(html, "f") == (
        "# A &lt;b>\n\n- one **two**\n- three\n\nxyz\n\n*C*\n\n|  | a\\|b |\n| --- | --- |\n| r (s) | 1 |\n\n"
        "- **k u**: v\n\n```\ni\n  j\n```\n\nend\n",
        {},
    )  # fmt: skip


def test_the_page_is_copied_as_it_is(run: results.Run, tmp_path: Path) -> None:
    file = formats.write(run, out=tmp_path / "copy.html")
    assert file.read_bytes() == run.page.read_bytes()
    with pytest.raises(results.ResultError, match="format: found 'docx'; a page is written as html, pdf, md"):
        formats.write(run, "docx")


def test_a_missing_browser_is_said_with_what_was_looked_for(
    run: results.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "NAMES", ("chromium", "msedge"))
    for command in (["report", "--format", "pdf"], ["figures", "--format", "png"]):
        done = CliRunner().invoke(main, [command[0], str(run.folder), *command[1:]])
        assert (done.exit_code, done.stdout) == (1, "")
        assert "and none was found; looked for: chromium, msedge. Install one" in done.stderr
