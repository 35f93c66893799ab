"""A study's page and its comparison as people open them: how large, how soon they answer, what console and axe say of them.

With ``ALPRSIM_WHOLE=1`` of the eight departments' study, one seed (half an hour, 4 GB), with ``ALPRSIM_RESULT`` of any finished
result, whose pages are written anew elsewhere; else of ``quickstart``.
"""

import os
from pathlib import Path

import pytest

import alprsim
from alprsim import report, results
from alprsim.report import page
from tests.browsing import barriers, listening, unfold
from tests.verification.roadway import COMPILED

pytestmark = [pytest.mark.verification, pytest.mark.whole, COMPILED]

SCENARIOS = Path(__file__).parents[2] / "scenarios"
STUDY = "eight_departments" if os.environ.get("ALPRSIM_WHOLE") == "1" else "quickstart"
LOADS, SECONDS = 5, 2.0
"""Of so many loads the quickest counts: a machine may have other work."""
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return the finished result whose pages are opened."""
    if "ALPRSIM_RESULT" in os.environ:
        return results.load(os.environ["ALPRSIM_RESULT"])
    return alprsim.run(
        SCENARIOS / f"{STUDY}.yaml", overrides=["seeds=[1]"], out=tmp_path_factory.mktemp("runs") / STUDY
    )


@pytest.fixture(scope="module")
def whole(study, tmp_path_factory):
    """Return the study's page with nothing left out, however large."""
    file = tmp_path_factory.mktemp("pages") / "report.html"
    file.write_text(page.render(study), "utf-8")
    return file


@pytest.fixture(scope="module")
def beside(study, tmp_path_factory):
    """Return the comparison of its first three policies under a limit."""
    policies = list(study.info["policies"])[:3]
    return alprsim.compare(study, policy=policies, retention="21 d").report(tmp_path_factory.mktemp("pages") / "c.html")


def barred(opened):
    """Return what axe finds wrong with a page, every row of every table unfolded where it is of a usual width."""
    unfold(opened)
    return barriers(opened, every_row=opened.viewport_size["width"] == 1240)


@pytest.mark.parametrize("name", ["whole", "beside"])
def test_its_page_is_small_quick_and_without_barriers(name, study, request, browser, verified):
    file = request.getfixturevalue(name)
    kind = {"whole": "page", "beside": "page of a comparison"}[name]
    row = f"{kind}, {study.info['name']}"
    size = file.stat().st_size / 1e6
    verified(
        row, "small enough for an e-mail, nothing left out", size, report.MOST_BYTES / 1e6, "MB", found=f"{size:.1f} MB"
    )
    with listening(browser, file) as (visit, heard, fetched):
        taken = [
            visit().evaluate("performance.now() / 1000") for _ in range(LOADS)
        ]  # since it was asked for, explorer ready
        found = [one for width in (320, 1240, 3840) for one in barred(visit(viewport={"width": width, "height": 900}))]
    said = f"{min(taken):.2f} to {max(taken):.2f} s"
    verified(row, f"the explorer answers, quickest of {LOADS} loads", min(taken), SECONDS, "s", found=said)
    verified(row, "said to the console", len(heard), 0, "messages", found="; ".join(heard[:3]))
    verified(row, "fetched", len(fetched), 0, "files", found="; ".join(fetched[:3]))
    serious = [one for one in found if one[1] in SERIOUS]
    said = f"{len(found)} of any kind" + "".join(f"; {one}" for one in serious[:2])
    verified(
        row,
        "barriers that axe calls serious or critical, at 320, 1240 and 3840 px",
        len(serious),
        0,
        "barriers",
        found=said,
    )
