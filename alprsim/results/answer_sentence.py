"""The answer in one plain sentence, computed from its table: whose sight, over which time, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from alprsim.measures.glossary import BY_NAME
from alprsim.results import answer_table as table
from alprsim.results import words
from alprsim.results.run import Run, horizon
from alprsim.tables import DAY

_FLAT = 0.005
_MIDDLE = 21 * DAY
"""The limit that look-backs are told of: Connecticut's 21 days (PA 26-14, as reported), or the next step."""


def sentence(run: Run, rows: pd.DataFrame) -> str:
    """Return the sentence with what it rests on."""
    asked = run.info["answer"]
    forms = {"retention": _retention, "policies": _policies, "towns": _towns, "subsets": _subsets, "measures": _several}
    return f"{forms[asked['over']](run, asked, rows)} {rests_on(run)}"


def rests_on(run: Run) -> str:
    """Say what every figure of a run rests on."""
    made, seeds = run.info["labels"], run.provenance["seeds"]
    noise = "one seed, so no interval" if len(seeds) == 1 else f"{len(seeds)} seeds"
    return (
        f"({made['streets'].capitalize()} streets, {made['cameras']} cameras, synthetic vehicles, {made['calibration']}; "
        f"{noise}.)"
    )


def what(run: Run, asked: dict[str, Any]) -> str:
    """Say the measure: "Trips detected: of the last 30 d, all vehicles together"."""
    if asked["over"] == "measures":
        return "; ".join(column["title"] for column in asked["columns"])
    return f"{BY_NAME[asked['measure']].title}: {words.statistic(asked['statistic'], run.info['horizon_s'])}"


def who(run: Run, viewer: str, sight: str) -> str:
    """Say who looks and how: "ICE (federal consumer), on-request sight"."""
    return f"{run.titled(viewer)}, {words.SIGHTS[sight][0]} sight"


def values(rows: pd.DataFrame, quantity: str = table.VALUE, **levels: Any) -> pd.DataFrame:
    """Return the rows of one quantity with these levels."""
    mask = rows["quantity"].eq(quantity)
    for name, wanted in levels.items():
        mask &= rows[name].eq(wanted)
    return rows[mask]


def one(rows: pd.DataFrame, quantity: str = table.VALUE, **levels: Any) -> float:
    """Return one number; NaN where it is not in the table."""
    found = values(rows, quantity, **levels)["mean"]
    return float(found.iloc[0]) if len(found) else math.nan


def _thing(asked: dict[str, Any]) -> str:
    days = asked["measure"] == "observed_days"
    return ("the days driven" if days else "the vehicle trips") + " that residents made in the last "


def _retention(run: Run, asked: dict[str, Any], rows: pd.DataFrame) -> str:
    baseline, main = run.info["baseline"], {"measure": asked["measure"]}
    line = values(rows, policy=baseline, **main)
    line = line[(line["retention"] <= run.info["horizon_s"]) | line["retention"].eq(line["retention"].max())]
    shares = dict(zip(line["retention"].tolist(), line["mean"].tolist(), strict=True))
    said = ", ".join(f"{words.percent(share)} % with {words.limit(step)}" for step, share in shares.items())
    seen = f"{who(run, asked['viewer'], asked['sight'])}, can detect, of {_thing(asked)}{horizon(run)},"
    text = f"Under “{baseline}”, {seen} {said}. "
    flat = [
        policy for policy in run.info["policies"]
        if (band := values(rows, policy=policy, **main)["mean"]).max() - band.min() < _FLAT
    ]  # fmt: skip
    if flat:
        text += f"Under {_join([f'“{name}”' for name in flat])} the departments’ limit changes less than half a point. "
    return (text + _looks(rows, baseline)).strip()


def _several(run: Run, asked: dict[str, Any], rows: pd.DataFrame) -> str:
    """Say of each measure what its first row has, and the rows that have least and most."""
    key = {"policies": "policy", "retention": "retention", "variants": "variant", "towns": "town"}[asked["rows"]]
    parts = []
    for column in asked["columns"]:
        line = values(rows, column=column["title"])
        if line.empty:
            parts.append(f"{column['title']}: there is no {column['statistic']} of {column['measure']}")
            continue
        line = line[line["mean"].notna()]
        if line.empty:
            parts.append(f"{column['title']}: not measured")
            continue
        least, most = line["mean"].idxmin(), line["mean"].idxmax()
        told = dict.fromkeys([line.index[0], least, most] if asked["rows"] != "retention" else line.index[[0, -1]])
        said = [
            f"{words.quantity(line['mean'][at], line['unit'][at])} ({_row(run, asked, line[key][at])})" for at in told
        ]
        parts.append(f"{column['title']}: {', '.join(said)}")
    seen = f"{who(run, asked['viewer'], asked['sight'])}; shares of trips, days and kilometres are of the last {horizon(run)}"
    return f"{seen}. {'; '.join(parts)}."


def _row(run: Run, asked: dict[str, Any], name: Any) -> str:
    if asked["rows"] == "retention":
        return words.limit(int(name))
    if asked["rows"] == "towns":
        return "all together" if name == "all" else run.place(name)
    return f"“{name}”"


def _looks(rows: pd.DataFrame, policy: str) -> str:
    """Say how many look-backs the middle limit and none answer, over the shapes that stand beside."""
    looks = values(rows, policy=policy, measure=table.LOOKBACK)
    if looks.empty:
        return ""
    ends = looks.groupby("retention")["mean"].agg(["min", "max"])
    step = next((step for step in ends.index if step >= _MIDDLE), ends.index[-1])
    said = " and ".join(
        f"{words.limit(int(limit))} leaves {words.interval(ends['min'][limit], ends['max'][limit], 'share')}"
        for limit in dict.fromkeys([step, ends.index[-1]])
    )
    shapes = looks["statistic"].nunique()
    return f"Of look-backs by plate {said} answered, over {shapes} assumed query age{'s' if shapes > 1 else ''}. "


def _policies(run: Run, asked: dict[str, Any], rows: pd.DataFrame) -> str:
    parts = []
    for viewer in asked["viewers"]:
        line = values(rows, viewer=viewer, measure=asked["measure"], sight="request")
        shares = dict(zip(line["policy"], line["mean"], strict=True))
        least, most = min(shares, key=shares.__getitem__), max(shares, key=shares.__getitem__)
        told = {policy: _share(rows, asked, viewer, policy, share) for policy, share in shares.items()}
        granted = values(rows, viewer=viewer, measure=asked["measure"])
        granted = granted[granted["sight"].isin(["process", "side_door"])].sort_values("mean")["policy"]
        by_grant = [policy for policy in granted if "expected" in told[policy]]
        named = dict.fromkeys([run.info["baseline"], most, least, *by_grant[-1:]])
        said = [f"{told[policy]} under “{policy}”" for policy in named]
        parts.append(f"By {who(run, viewer, 'request')}: {'; '.join(said)}.")
    text = f"How much of {_thing(asked)}{horizon(run)} can be detected. {' '.join(parts)}"
    counted = values(rows, viewer=table.EVERYBODY, sight="request")
    if len(counted):
        counts = [
            f"{mean:.0f} under “{policy}”" for policy, mean in zip(counted["policy"], counted["mean"], strict=True)
        ]
        text += f" Agencies of this scenario that can look at {asked['audience']}’s reads: {', '.join(counts)}."
    return text


def _share(rows: pd.DataFrame, asked: dict[str, Any], viewer: str, policy: str, share: float) -> str:
    """Say what shows on request and, where something hangs on a grant, the expected value with it."""
    beyond = {"process": "by process", "side_door": "through the side door"}
    said = [
        f"{words.percent(value)} % expected {how}"
        for sight, how in beyond.items()
        if not math.isnan(value := one(rows, viewer=viewer, policy=policy, sight=sight, measure=asked["measure"]))
        and words.percent(value) != words.percent(share)
    ]
    return f"{words.percent(share)} %" + (f" ({', '.join(said)})" if said else "")


def _towns(run: Run, asked: dict[str, Any], rows: pd.DataFrame) -> str:
    town, policy, most = asked["town"], asked["policy"], asked["most"]
    before, after, least = (one(rows, policy=name, town=town) for name in (run.info["baseline"], policy, most))
    seen = f"{who(run, asked['viewer'], asked['sight'])}, can still detect {words.percent(after)} %"
    text = (
        f"When only {policy} opts out, {seen} of {run.place(town)} residents’ vehicle trips of the last {horizon(run)}, instead "
        f"of {words.percent(before)} % ({words.points(after - before)} points)"
    )
    if before > least:
        whole = words.points(before - least).lstrip("+")
        text += (
            f": {words.percent((before - after) / (before - least))} % of the {whole} points that “{most}” would take away; "
            "the rest is read by others’ cameras"
        )
    alone = values(rows, table.CHANGE, town=town)
    alone = alone[~alone["policy"].isin([policy, most])]
    if len(alone) and (other := alone.loc[alone["mean"].idxmin()])["mean"] < after - before:
        text += f". “{other['policy']}” does more for them: {words.points(other['mean'])} points"
    return text + "."


def _subsets(run: Run, asked: dict[str, Any], rows: pd.DataFrame) -> str:
    n, main = len(asked["opt_out"]), {"measure": asked["measure"]}
    before, after = one(rows, k=0, **main), one(rows, k=n, **main)
    seen = f"{who(run, asked['viewer'], asked['sight'])}, can detect {words.percent(before)} % of {_thing(asked)}{horizon(run)}"
    text = f"{seen}, and {words.percent(after)} % once all {n} opt out. "
    if not before > after:
        return text + "Whoever opts out changes nothing."
    least = values(rows, "least").set_index("k")["policy"]
    tips = {
        (share, line): int(one(rows, f"tipping point of {100 * share:.0f} %, {line}"))
        for share in table.TIPPING
        for line in ("best", "mean", "worst")
    }
    tenth, half = table.TIPPING
    text += (
        f"Half of that fall is reached with the best {tips[half, 'best']} ({least[tips[half, 'best']]}), with "
        f"{tips[half, 'mean']} on the mean of all choices and {tips[half, 'worst']} in the worst; a tenth with "
        f"{tips[tenth, 'best']}, {tips[tenth, 'mean']} and {tips[tenth, 'worst']}. "
    )
    own = values(rows, "Shapley value").sort_values("mean", ascending=False, kind="stable")
    shares = [
        f"{name} accounts for {words.percent(max(mean, 0) / (before - after))} %"
        for name, mean in own[["policy", "mean"]].iloc[[0, -1]].itertuples(index=False)
    ]
    return text + f"Of the whole fall {' and '.join(shares)} (Shapley values, exact over all {2**n} subsets)."


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
