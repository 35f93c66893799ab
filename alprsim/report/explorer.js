// The policy explorer: a state of five choices, the cube's cell at it, and the ladder with a ring round that cell.
const explorer = {
  form: document.getElementById("explorer"),
  cube: null,
  charts: null, // until they are unzipped
  known: [], // policy, viewer, sight and measure of which anything was computed
  drawn: new Map(),
  state: null, // {policy: row, viewer: row, sight, stop: row, measure}
};
const the = (id) => document.getElementById(id);

function ladderKey(state) {
  return `${state.viewer}~${state.sight}~${state.measure}`;
}

function cellAt(state) {
  const found = explorer.cube.cells[ladderKey(state)]?.[state.policy]?.[state.stop];
  if (!found) return null;
  const names = ["value", "said", "interval", "low", "high", "band", "bandLow", "bandHigh", "change", "changed", "towns", "sofar"];
  return Object.fromEntries(names.map((name, row) => [name, found[row]]));
}

// The nearest state that was computed: what was just chosen stays, of the rest as much as possible.
function settled(wanted, first, direction) {
  const weight = { policy: 4, viewer: 3, measure: 2, sight: 1, [first]: 16 };
  const score = (one) => Object.entries(weight).reduce((sum, [name, worth]) => sum + (String(one[name]) === String(wanted[name]) ? worth : 0), 0);
  const state = { ...wanted, ...explorer.known.reduce((a, b) => (score(b) > score(a) ? b : a)) };
  const stops = explorer.cube.cells[ladderKey(state)][state.policy];
  if (!stops[state.stop]) {
    const known = stops.flatMap((cell, row) => (cell ? [row] : []));
    const ahead = known.filter((row) => direction * (row - state.stop) > 0);
    const near = (rows) => rows.reduce((a, b) => (Math.abs(b - state.stop) < Math.abs(a - state.stop) ? b : a));
    state.stop = near(ahead.length ? ahead : known);
  }
  return state;
}

function instead(wanted, state) {
  const { cube } = explorer;
  const said = [];
  if (state.policy !== wanted.policy) said.push(`“${cube.policies[state.policy]}”`);
  if (state.viewer !== wanted.viewer) said.push(`through the eyes of ${cube.viewers[state.viewer].title}`);
  if (state.sight !== wanted.sight) said.push(`${cube.sights[state.sight]} sight`);
  if (state.measure !== wanted.measure) said.push(cube.measures[state.measure].title);
  if (state.stop !== wanted.stop) said.push(cube.stops[state.stop].said);
  return said.length ? `That was not computed; the nearest that was: ${said.join(", ")}.` : "";
}

// What was not computed is not offered.
function offer(state) {
  const { form, cube } = explorer;
  const has = (other, sight) => {
    const { policy, viewer, measure } = { ...state, ...other };
    return Boolean(cube.cells[`${viewer}~${sight}~${measure}`]?.[policy].some(Boolean));
  };
  const any = (other) => Object.keys(cube.sights).some((sight) => has(other, sight)); // the sight follows
  const all = (inputs) => (inputs.forEach ? [...inputs] : [inputs]);
  for (const input of all(form.elements.sight)) input.disabled = !has({}, input.value);
  for (const option of form.elements.measure.options) option.disabled = !any({ measure: option.value });
  for (const option of form.elements.viewer.options) option.disabled = !any({ viewer: option.value });
  for (const input of all(form.elements.policy)) input.disabled = !any({ policy: input.value });
  const group = cube.cells[ladderKey(state)];
  form.querySelectorAll(".ticks li").forEach((tick, row) => tick.classList.toggle("none", !group[state.policy][row]));
}

function fill(state) {
  const { form, cube } = explorer;
  form.elements.policy.value = state.policy;
  form.elements.viewer.value = state.viewer;
  form.elements.sight.value = state.sight;
  form.elements.measure.value = state.measure;
  form.elements.retention.value = state.stop;
  const stop = cube.stops[state.stop];
  const said = !state.stop && cube.policies[state.policy] !== cube.baseline ? "as written" : stop.said;
  const named = stop.laws ? `${stop.said}: ${stop.laws}.` : "";
  form.elements.retention.setAttribute("aria-valuetext", stop.states ? `${said} (${stop.states})` : said);
  the("limit").textContent = said;
  the("law").textContent = named || explorer.plain;
  form.querySelectorAll(".ticks li").forEach((tick, row) => tick.classList.toggle("at", row === state.stop));
}

function lengths(list, rows) {
  list.replaceChildren(...rows.map(([name, width, said]) => {
    const item = explorer.row.cloneNode(true);
    item.firstChild.textContent = name;
    item.querySelector(".fill").setAttribute("width", (100 * width).toFixed(1));
    item.querySelector(".said").textContent = said;
    return item;
  }));
}

function ten(cell, share) {
  the("ten").hidden = !share || !cell;
  if (!share || !cell) return;
  const x = (value) => (285 * value).toFixed(1);
  const known = cell.low !== null;
  the("ten").querySelector("svg").setAttribute("viewBox", `0 0 286 ${known || cell.bandHigh !== null ? 42 : 24}`);
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
  const cell = cellAt(state);
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

// Charts are parsed when they are asked for: there are hundreds.
function chart(key, place) {
  if (!explorer.drawn.has(key)) {
    if (!explorer.charts) return null;
    const holder = document.createElement("template");
    holder.innerHTML = explorer.charts[key]?.trim() ?? "";
    explorer.drawn.set(key, holder.content.firstElementChild);
  }
  const figure = explorer.drawn.get(key);
  const open = place.querySelector("details")?.open;
  if (place.firstElementChild !== figure) place.replaceChildren(...(figure ? [figure] : []));
  if (figure && open !== undefined) figure.querySelector("details").open = open;
  return figure;
}

function ring(figure, state) {
  figure?.querySelectorAll(".here").forEach((old) => old.remove());
  const at = String(explorer.cube.stops[state.stop].seconds);
  const points = [...(figure?.querySelectorAll("g[data-at]") ?? [])];
  const point = points.find((one) => one.dataset.at === at && one.dataset.policy === explorer.cube.policies[state.policy]);
  const mark = point?.querySelector("use");
  if (!mark) return;
  const circle = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  for (const [name, value] of [["class", "here"], ["cx", mark.getAttribute("x")], ["cy", mark.getAttribute("y")], ["r", 11]]) circle.setAttribute(name, value);
  point.append(circle);
  const box = figure.querySelector(".scroll");
  if (!box || box.scrollWidth <= box.clientWidth) return;
  const [mine, frame] = [circle.getBoundingClientRect(), box.getBoundingClientRect()];
  box.scrollLeft += mine.left + mine.width / 2 - frame.left - frame.width / 2;
}

function draw(state) {
  ring(chart(ladderKey(state), the("shown")), state);
  const looks = state.measure.startsWith("lookback_") ? "" : `looks~${state.viewer}~${state.sight}`;
  ring(chart(looks, the("under")), state);
}

function address(state) {
  const { cube } = explorer;
  return new URLSearchParams({
    policy: cube.policies[state.policy],
    viewer: cube.viewers[state.viewer].name,
    sight: state.sight,
    retention: cube.stops[state.stop].name,
    measure: state.measure,
  });
}

function show(wanted, first, direction = 1) {
  const state = settled(wanted, first, direction);
  the("instead").textContent = first === "retention" ? "" : instead(wanted, state);
  explorer.state = state;
  offer(state);
  fill(state);
  result(state);
  draw(state);
  const retention = String(explorer.cube.stops[state.stop].seconds);
  const { policy, viewer, sight, measure } = state;
  document.dispatchEvent(new CustomEvent("alprsim:state", { detail: { policy: String(policy), viewer: String(viewer), sight, retention, measure } }));
}

function chosen() {
  const { form } = explorer;
  return {
    policy: Number(form.elements.policy.value), viewer: form.elements.viewer.value, sight: form.elements.sight.value,
    stop: Number(form.elements.retention.value), measure: form.elements.measure.value,
  };
}

// The state that an address names; what it does not name, or what this page does not have, stays.
function fromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const { cube } = explorer;
  const names = ["policy", "viewer", "sight", "retention", "measure"].filter((name) => asked.has(name));
  if (!names.length) return false;
  const row = (list, name, now) => { const found = list.indexOf(asked.get(name)); return asked.has(name) && found >= 0 ? found : now; };
  const { state } = explorer;
  show({
    policy: row(cube.policies, "policy", state.policy),
    viewer: String(row(cube.viewers.map((one) => one.name), "viewer", Number(state.viewer))),
    sight: asked.get("sight") in cube.sights ? asked.get("sight") : state.sight,
    stop: row(cube.stops.map((one) => one.name), "retention", state.stop),
    measure: asked.get("measure") in cube.measures ? asked.get("measure") : state.measure,
  }, "measure");
  return true;
}

async function explore() {
  const { form } = explorer;
  const charts = carried("charts");
  explorer.cube = await carried("cube");
  explorer.known = Object.entries(explorer.cube.cells).flatMap(([key, group]) => {
    const [viewer, sight, measure] = key.split("~");
    return group.flatMap((stops, policy) => (stops.some(Boolean) ? [{ policy, viewer, sight, measure }] : []));
  });
  if (!explorer.known.length) return;
  explorer.row = the("length").content.firstElementChild;
  explorer.plain = the("law").textContent;
  for (const place of ["shown", "under"]) {
    const figure = the(place).firstElementChild;
    if (figure) explorer.drawn.set((place === "under" ? "looks~" : "") + figure.dataset.key, figure);
  }
  form.hidden = false;
  show(chosen(), "measure");
  if (fromAddress()) the("ladder").scrollIntoView();
  addEventListener("hashchange", fromAddress);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    const wanted = chosen();
    show(wanted, event.target.name, event.target.name === "retention" && wanted.stop < explorer.state.stop ? -1 : 1);
    history.replaceState(null, "", "#" + address(explorer.state));
  });
  explorer.charts = await charts;
  draw(explorer.state);
}

if ("DecompressionStream" in window) explore();
