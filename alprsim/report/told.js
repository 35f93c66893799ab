// What a state of the page's explorer tells: its value, the difference to the baseline, home towns, what is left of look-backs.
function lengths(list, rows) {
  list.replaceChildren(...rows.map(([name, width, said]) => {
    const item = the("length").content.firstElementChild.cloneNode(true);
    item.firstChild.textContent = name;
    item.querySelector(".fill").setAttribute("width", (100 * width).toFixed(1));
    item.querySelector(".said").textContent = said;
    return item;
  }));
}

function ten(cell, share) {
  the("ten").hidden = !share || !cell;
  if (!share || !cell) return;
  const small = cell.value > 0 && cell.value < 0.05, n = small ? Math.max(Math.round(1000 * cell.value), 1) : 0;
  the("ten").querySelector(".cars").toggleAttribute("hidden", small);
  the("ten").querySelector(".dots").toggleAttribute("hidden", !small);
  const columns = Array.from({ length: Math.ceil(n / 10) }, (_, k) => `M${(2.86 * k + 1.43).toFixed(2)} .43v${(2.86 * Math.min(n - 10 * k, 10) - 0.86).toFixed(2)}`);
  the("ten").querySelector(".all").setAttribute("d", columns.join(""));
  const x = (value) => (285 * value).toFixed(1);
  const known = cell.low !== null;
  the("ten").querySelector(".cars").setAttribute("viewBox", `0 0 286 ${known || cell.bandHigh !== null ? 42 : 24}`);
  the("ten").querySelector(".clip").setAttribute("width", x(cell.value));
  the("ten").querySelector(".whisker").setAttribute("d", known ? `M${x(cell.low)} 32v8m0 -4H${x(cell.high)}m0 -4v8` : "");
  the("ten").querySelector(".axisline").setAttribute("d", known || cell.bandHigh !== null ? "M0 36H285M0 33v6M285 33v6" : "");
  const band = the("ten").querySelector(".overband");
  band.setAttribute("x", cell.bandHigh === null ? 0 : x(cell.bandLow));
  band.setAttribute("width", cell.bandHigh === null ? 0 : x(cell.bandHigh - cell.bandLow));
}

function homes(state, cell) {
  const every = explorer.cube.cells[ladderKey(state)].flat().flatMap((one) => (one ? one[10] : []));
  const most = every.reduce((a, b) => ((b?.[0] ?? 0) > (a?.[0] ?? 0) ? b : a), null);
  const largest = most?.[0] ?? 0;
  the("scale").textContent = largest ? `full bar: ${most[1]}` : "";
  const towns = cell ? cell.towns : [];
  the("homes").hidden = !towns.length;
  lengths(the("homes").querySelector("ul"), towns.map((town, row) => [
    explorer.cube.towns[row], town && largest ? (town[0] ?? 0) / largest : 0,
    town ? (town[2] ? `${town[1]} (${town[2]})` : town[1]) : "not measured",
  ]));
}

function left(state) {
  const told = explorer.cube.looks[`${state.viewer}~${state.sight}`]?.[state.policy]?.[state.stop];
  the("left").hidden = !told;
  if (!told) return;
  the("leftsaid").textContent = told.said;
  lengths(the("left").querySelector("ul"), told.each.map(([name, share, said]) => [name, share ?? 0, said]));
}

function result(state) {
  const { cube } = explorer;
  const cell = cellOf(placeOf(state));
  const base = cube.policies[state.policy] === cube.baseline;
  const when = state.stop ? cube.stops[state.stop].as : base ? "as practised" : "as written";
  const measure = cube.measures[state.measure];
  the("where").textContent = `“${cube.policies[state.policy]}” ${when}, ${cube.viewers[state.viewer].title}, ${cube.sights[state.sight]} sight`;
  the("title").textContent = measure.title;
  the("title").title = measure.definition;
  the("define").href = `#${state.measure.split(".")[0]}`;
  the("value").textContent = cell ? cell.said : "not measured";
  the("interval").textContent = cell?.interval ? `(${cell.interval} over ${cube.seeds} seeds)` : "";
  the("band").textContent = cell?.band ? `${cell.band} over assumptions` : "";
  the("sofar").textContent = cell?.sofar ? "so far: more is kept than was simulated" : "";
  the("change").textContent = cell ? cell.change + (cell.changed ? ` (${cell.changed})` : "") : "not measured";
  ten(cell, measure.share);
  homes(state, cell);
  left(state);
}

if ("DecompressionStream" in window) {
  explore({
    tell: result,
    charts: (state) => ({ shown: ladderKey(state), under: state.measure.startsWith("lookback_") ? "" : `looks~${state.viewer}~${state.sight}` }),
    rings: (state) => [{ line: explorer.cube.policies[state.policy], at: String(explorer.cube.stops[state.stop].seconds), letter: "" }],
    detail: ({ policy, viewer, sight, measure, stop }) => ({
      policy: String(policy), viewer: String(viewer), sight, retention: String(explorer.cube.stops[stop].seconds), measure,
    }),
  });
}
