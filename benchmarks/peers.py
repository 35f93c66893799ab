"""The same network, demand and paths in alprsim, UXsim and SUMO, side by side: ``python -m benchmarks.peers``.

Needs the extra ``peers`` (UXsim 1.15, SUMO 1.28 with its programs); what is not installed is left out, and said so. Each
runs in a process of its own, and what counts is the CPU time of its engine, not of reading its input; nor of writing what
happened, but where "every passage" is told.
Peers run at their quickest, UXsim (its C++ engine) also as it comes, with trajectories and route choice; SUMO is its
mesoscopic model without junction control. Writes ``results/peers.csv``, anew for each commit: of several runs at one commit
the quickest of each system counts, and the file says which commit that was.
"""

import csv
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import click
import numpy as np
import simpy

from alprsim import traffic
from alprsim.randomness import below, draw, stream
from alprsim.scenario import models
from alprsim.tables import Roads
from benchmarks import grid

RESULTS = Path(__file__).parents[1] / "results" / "peers.csv"
DAY = 86_400_000


def eleven() -> grid.City:
    """Return UXsim's own speed case (its example 28) with half its demand: 11 × 11 junctions, 440 links, 30,492 trips.

    The whole demand, of 126 vehicles a pair, jams for hours where nobody changes route.
    """
    return across_town(11, 63, np.full(440, 1_250))


def bottlenecks(a_pair: int) -> grid.City:
    """Return a small town in which one road in five lets 0.2 vehicles a second pass, others 0.8: minutes are lost there."""
    slow = below(draw(stream(9, "slow"), np.arange(80)), 5) == 0
    return across_town(5, a_pair, np.where(slow, 5_000, 1_250))


def across_town(side: int, a_pair: int, headway: np.ndarray) -> grid.City:
    """Send so many vehicles, evenly over an hour, from each junction of a side to each of the side opposite, on the stairs.

    Links are 1 km; with 20 m/s, 0.2 vehicles/m and a reaction time of 1 s the wave travels back at 5 m/s, and a lane
    lets 0.8 vehicles a second pass.
    """
    tail, head = grid.links(side)
    n = len(tail)
    roads = Roads.of(
        tail=tail, head=head, length=np.full(n, 1000), lanes=np.ones(n), kind=np.full(n, 3),
        crossing=np.full(n, 50_000), headway=headway, room=np.full(n, 200), wave=np.full(n, 200_000),
    )  # fmt: skip
    i, j = (values.ravel() for values in np.mgrid[:side, :side])
    left, right, top, bottom = i * side, j * side + side - 1, i, side * (side - 1) + j
    origin = np.repeat(np.concatenate([left, right, top, bottom]), a_pair)
    destination = np.repeat(np.concatenate([right, left, bottom, top]), a_pair)
    depart = np.tile(np.arange(a_pair) * 3600 // a_pair, 4 * side * side)
    return grid.city(roads, np.arange(len(origin)), depart, grid.stairs(side, roads, origin, destination))


def calmer_rush() -> grid.City:
    """Return the rush hour of the benchmarks, stretched until UXsim, which moves nobody by force, does not jam for good."""
    return grid.rush(span=2_400)


CASES: dict[str, Callable[[], grid.City]] = {"45 x 45, calmer": calmer_rush, "11 x 11": eleven}


def cpu(child: bool = False) -> float:
    """Return CPU seconds of this process, or of those it started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN if child else resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


# --- alprsim ----------------------------------------------------------------------------------------------------------


def compiled(city: grid.City, storage: str, *, passages: bool = False) -> dict:
    plan = traffic.plan(
        city.roads, city.trips, city.paths, city.route, models.Traffic(storage=storage), day=0,
        watched=np.full(len(city.roads), passages),
    )  # fmt: skip
    took = []
    for _ in range(5):
        queues = traffic.Queues(plan)
        before = cpu()
        queues.advance(DAY)
        took.append(cpu() - before)
    told = queues.progress()
    assert (told.arrive >= 0).all()
    lost = (told.arrive - plan.meant - city.free_times()) / 1000
    return {"seconds": min(took), "moves": int(told.vehicles.sum()), "delay": float(lost.mean()), "forced": told.forced}


def processes(city: grid.City) -> dict:
    before = cpu()
    world = simpy.Environment()
    day = traffic.drive(
        city.roads, city.trips, city.paths, city.route, models.Traffic(), day=0, fidelity="queue", engine="simpy",
        env=world,
    )  # fmt: skip
    lost = float(city.delay(day.journeys).mean())  # arrivals rounded up to whole seconds
    return {"seconds": cpu() - before, "moves": day.moves, "delay": lost, "forced": day.forced}


# --- UXsim ------------------------------------------------------------------------------------------------------------


def uxsim_world(city: grid.City, platoon: int, *, defaults: bool = False):
    """Return the city in UXsim's C++ engine; every `platoon`-th trip stands for so many. Where each vehicle goes is fixed.

    So neither route choice nor trajectories are needed: unless `defaults`, UXsim is spared both.
    """
    import uxsim

    roads, jam = city.roads, 1 / 7 if city.roads.length.min() < 1000 else 0.2
    wave = float(roads.length[0]) / float(roads.wave[0]) * 1000
    end = float(city.trips.depart.max()) + 4 * 3600
    spared = {} if defaults else {"duo_update_time": 2 * end, "vehicle_logging_timestep_interval": -1}
    world = uxsim.World(
        name="", deltan=platoon, reaction_time=1 / (wave * jam), tmax=end, print_mode=0, save_mode=0, show_mode=0,
        random_seed=1, cpp=True, **spared,
    )  # fmt: skip
    for junction in range(int(roads.head.max()) + 1):
        world.addNode(str(junction), junction % 100, junction // 100)
    rows = zip(*(column.tolist() for column in roads.data().values()), strict=True)
    for number, row in enumerate(rows):
        road = dict(zip(roads.data(), row, strict=True))
        world.addLink(
            f"r{number}", str(road["tail"]), str(road["head"]), road["length"], jam_density=jam,
            free_flow_speed=road["length"] / road["crossing"] * 1000, capacity_out=1000 / road["headway"],
        )  # fmt: skip
    rows = platoons(city, platoon)
    for trip in rows[np.argsort(city.trips.depart[rows], kind="stable")]:
        path = city.paths.road[city.paths.first[trip] : city.paths.first[trip + 1]]
        ends = str(roads.tail[path[0]]), str(roads.head[path[-1]])
        # it departs as its time step begins; given in the middle of that, no rounding can lose it
        depart = (city.trips.depart[trip] // world.DELTAT + 0.5) * world.DELTAT
        world.addVehicle(*ends, float(depart)).enforce_route([f"r{road}" for road in path])
    world.finalize_scenario()
    return world


def platoons(city: grid.City, platoon: int) -> np.ndarray:
    """Return the trips that stand for so many each; one that goes nowhere is in nobody's way and left out."""
    return np.flatnonzero(np.diff(city.paths.first))[::platoon]


def uxsim_run(city: grid.City, platoon: int, *, defaults: bool = False) -> dict:
    world = uxsim_world(city, platoon, defaults=defaults)
    before = cpu()
    world._cpp_world.main_loop(-1.0, float(world.TMAX))  # its engine alone: the rest of exec_simulation is bookkeeping
    seconds = cpu() - before
    travel, moves = uxsim_told(world, city, platoon)
    lost = float((travel - city.free_times()[platoons(city, platoon)] / 1000).mean())
    assert (travel > 0).all()
    return {"seconds": seconds, "moves": moves, "delay": lost, "forced": 0}


def uxsim_told(world, city: grid.City, platoon: int) -> tuple[np.ndarray, int]:
    """Return each trip's travel time, s, in order of trip, and how many links were entered."""
    world._sync_from_cpp()
    rows = platoons(city, platoon)
    travel = np.empty(len(rows))
    travel[np.argsort(city.trips.depart[rows], kind="stable")] = [v.travel_time for v in world.VEHICLES.values()]
    return travel, round(sum(link.cum_arrival[-1] for link in world.LINKS))


# --- SUMO -------------------------------------------------------------------------------------------------------------


def sumo_files(city: grid.City, folder: Path) -> None:
    """Write the city as SUMO's network and routes."""
    roads = city.roads
    nodes = "".join(f'<node id="{j}" x="{j % 100 * 200}" y="{j // 100 * 200}"/>' for j in range(roads.head.max() + 1))
    (folder / "nodes.xml").write_text(f"<nodes>{nodes}</nodes>")
    with (folder / "edges.xml").open("w") as out:
        out.write("<edges>")
        for number, (tail, head, length, crossing) in enumerate(
            zip(roads.tail, roads.head, roads.length, roads.crossing, strict=True)
        ):
            out.write(
                f'<edge id="{number}" from="{tail}" to="{head}" numLanes="1" length="{length:.2f}" '
                f'speed="{length / crossing * 1000:.4f}"/>'
            )
        out.write("</edges>")
    with (folder / "trips.xml").open("w") as out:
        out.write('<routes><vType id="car" length="5" minGap="2" speedDev="0" maxSpeed="99"/>')
        rows = platoons(city, 1)
        for trip in rows[np.argsort(city.trips.depart[rows], kind="stable")]:
            path = city.paths.road[city.paths.first[trip] : city.paths.first[trip + 1]]
            if len(path):
                edges = " ".join(map(str, path))
                out.write(
                    f'<vehicle id="{trip}" type="car" depart="{city.trips.depart[trip]}"><route edges="{edges}"/></vehicle>'
                )
        out.write("</routes>")
    netconvert = [
        "netconvert", "-n", "nodes.xml", "-e", "edges.xml", "-o", "net.xml", "--no-internal-links", "--no-turnarounds",
        "--offset.disable-normalization",
    ]  # fmt: skip
    run_program(netconvert, folder)


def sumo_run(city: grid.City, segment: int, *, passages: bool = False) -> dict:
    """Run SUMO's mesoscopic model, its headway the mean of ours and a segment jammed when full: as near as its options get."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sumo_files(city, folder)
        headway = f"{city.roads.headway.mean() / 1000:.3f}"
        command = [
            "sumo", "--mesosim", "-n", "net.xml", "-r", "trips.xml", "--route-steps", "0", "--no-step-log",
            "--no-warnings", "--meso-edgelength", str(segment), "--meso-tauff", headway, "--meso-taufj", headway,
            "--meso-taujf", headway, "--meso-jam-threshold", "1",
            "--time-to-teleport", "60", "--duration-log.statistics", "--statistic-output", "told.xml",
        ]  # fmt: skip
        command += ["--vehroute-output", "routes.xml", "--vehroute-output.exit-times"] if passages else []
        before = cpu(child=True)
        run_program([*command, "--end", "0"], folder)
        reading = cpu(child=True) - before
        run_program(command, folder)
        seconds = cpu(child=True) - before - 2 * reading
        told = ElementTree.parse(folder / "told.xml").getroot()
    trips, teleports = told.find("vehicleTripStatistics"), told.find("teleports")
    assert trips is not None
    assert teleports is not None
    count = int(trips.attrib["count"])
    total = float(trips.attrib["totalTravelTime"]) + float(trips.attrib["totalDepartDelay"])
    lost = total / count - city.free_times()[platoons(city, 1)].mean() / 1000
    assert count == len(platoons(city, 1))
    return {"seconds": seconds, "moves": city.moves, "delay": lost, "forced": int(teleports.attrib["total"])}


def run_program(command: list[str], folder: Path) -> None:
    """Run one of SUMO's programs as its wheel brings them: the binary itself, not the script before it."""
    import sumo

    home = Path(sumo.SUMO_HOME)
    program = str(home / "bin" / command[0])
    subprocess.run(
        [program, *command[1:]], cwd=folder, check=True, capture_output=True, env=os.environ | {"SUMO_HOME": str(home)}
    )


# --- side by side -----------------------------------------------------------------------------------------------------

OURS = "alprsim, Newell"
SYSTEMS: dict[str, Callable[[grid.City], dict]] = {
    OURS: partial(compiled, storage="newell"),
    "alprsim, Newell, every passage": partial(compiled, storage="newell", passages=True),
    "alprsim, simple": partial(compiled, storage="simple"),
    "UXsim C++, deltan 5": partial(uxsim_run, platoon=5),
    "UXsim C++, deltan 5, defaults": partial(uxsim_run, platoon=5, defaults=True),
    "UXsim C++, deltan 1": partial(uxsim_run, platoon=1),
    "UXsim C++, deltan 1, defaults": partial(uxsim_run, platoon=1, defaults=True),
    "SUMO meso, a segment an edge": partial(sumo_run, segment=10_000),
    "SUMO meso, every passage": partial(sumo_run, segment=10_000, passages=True),
    "SUMO meso, default segments": partial(sumo_run, segment=98),
    "alprsim, SimPy": processes,
}
NEEDS = {"UXsim": "uxsim", "SUMO": "sumo"}
TARGETS = {"UXsim C++, deltan 5": 50, "UXsim C++, deltan 1": 200, "SUMO meso": 60}
COLUMNS = (
    "case",
    "system",
    "moves",
    "seconds",
    "moves a second",
    "Newell is quicker by",
    "mean delay, s",
    "forced",
    "peak MB",
    "commit",
)


def alone(case: str, system: str) -> dict:
    """Run one system on one case in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.peers", "--one", case, system]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    if done.returncode:
        raise click.ClickException(f"{system} on {case} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


@click.command()
@click.option("--case", "cases", multiple=True, type=click.Choice(list(CASES)), default=list(CASES))
@click.option("--system", "systems", multiple=True, type=click.Choice(list(SYSTEMS)), default=list(SYSTEMS))
@click.option("--one", nargs=2, hidden=True)
@click.option("--out", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
def main(cases: tuple[str, ...], systems: tuple[str, ...], one: tuple[str, str] | None, out: Path) -> None:
    """Run every system on every case; write the table and print it. Of several runs at one commit the quickest counts."""
    if one:
        told = SYSTEMS[one[1]](CASES[one[0]]())
        click.echo(json.dumps(told | {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000}))
        return
    for case, system in product(cases, systems):
        missing = [module for name, module in NEEDS.items() if name in system and not importlib.util.find_spec(module)]
        if missing:
            click.echo(f"{system}: left out, {missing[0]} is not installed (pip install alprsim[peers])")
            continue
        for name in (OURS, system):  # ours beside each, as others may be using the machine
            told = alone(case, name)
            row = [case, name, told["moves"], told["seconds"], told["delay"], told["forced"], told["peak"], commit()]
            keep(row, out)
        click.echo(f"{case}, {system}: {told['moves'] / told['seconds']:,.0f} moves a second")
    show(out)


def commit() -> str:
    """Return the commit that runs, marked where the code differs from it."""

    def git(*command: str) -> str:
        return subprocess.run(["git", *command], capture_output=True, text=True, check=True, cwd=RESULTS.parent).stdout

    changed = git("status", "--porcelain", "--", ":/alprsim", ":/benchmarks")
    return git("rev-parse", "--short=8", "HEAD").strip() + ("+" if changed else "")


def keep(row: list, out: Path) -> None:
    """Put a row into the file, unless that tells of a quicker run; tell anew by how much Newell is quicker.

    Rows of another commit go: a quicker run of other code says nothing of this.
    """
    rows = {(row[0], row[1]): row}
    if out.exists():
        with out.open(newline="") as file:
            for case, system, moves, seconds, _, _, *others in list(csv.reader(file))[1:]:
                if others[-1] != row[-1]:
                    continue
                if (case, system) not in rows or float(seconds) <= row[3]:
                    rows[case, system] = [case, system, int(moves), float(seconds), *others]
    rate = {key: moves / seconds for key, (_, _, moves, seconds, *_) in rows.items()}
    order = [key for key in product(CASES, SYSTEMS) if key in rows]
    partial_file = out.with_suffix(".part")
    with partial_file.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for key in order:
            case, system, moves, seconds, delay, *others = rows[key]
            times = round(rate[case, OURS] / rate[key], 1) if (case, OURS) in rate else ""
            table.writerow(
                [case, system, moves, round(seconds, 4), round(rate[key]), times, round(float(delay), 1), *others]
            )
    shutil.move(partial_file, out)


def show(out: Path) -> None:
    """Print the table, with what was aimed at."""
    with out.open(newline="") as file:
        for row in csv.DictReader(file):
            system, times = row["system"], row["Newell is quicker by"]
            wanted = "".join(f" (wanted: {target})" for name, target in TARGETS.items() if system.startswith(name))
            click.echo(
                f"{row['case']:15} {system:31} {int(row['moves a second']):13,} moves/s   Newell: × {times}{wanted}"
            )


if __name__ == "__main__":
    main()
