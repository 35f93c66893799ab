// The explorer: a state of five choices (of a comparison, and a home town), and the ladder with a ring round what was chosen.
// What a state tells is the page's own: it gives `explore` a function that shows it, one that names its charts, and one that
// names what to ring on them.
const explorer = {
  form: document.getElementById("explorer"),
  cube: null,
  charts: null, // until they are unzipped
  known: [], // policy, viewer, sight and measure of which anything was computed
  drawn: new Map(),
  state: null, // {policy: row, viewer: row, sight, stop: row, measure, town: row}
  page: null, // {tell(state), charts(state): {place: key}, rings(state): [{line, at, letter}], detail(state)}
};
const the = (id) => document.getElementById(id);

function ladderKey(state) {
  return `${state.viewer}~${state.sight}~${state.measure}`;
}

function cellOf(found) {
  if (!found) return null;
  const names = ["value", "said", "interval", "low", "high", "band", "bandLow", "bandHigh", "change", "changed", "towns", "sofar"];
  return Object.fromEntries(names.map((name, row) => [name, found[row]]));
}

function placeOf(state) {
  return explorer.cube.cells[ladderKey(state)]?.[state.policy]?.[state.stop];
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
  if (form.elements.town) form.elements.town.value = state.town;
  form.elements.retention.value = state.stop;
  const stop = cube.stops[state.stop];
  const said = !state.stop && cube.policies[state.policy] !== cube.baseline ? "as written" : stop.said;
  const named = stop.laws ? `${stop.said}: ${stop.laws}.` : "";
  form.elements.retention.setAttribute("aria-valuetext", stop.states ? `${said} (${stop.states})` : said);
  the("limit").textContent = said;
  the("law").textContent = named || explorer.plain;
  form.querySelectorAll(".ticks li").forEach((tick, row) => tick.classList.toggle("at", row === state.stop));
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

// Letters stand beside their rings, those of one ring together, where they hide neither a ring nor each other.
const BESIDE = [[0, -16], [0, 25], [19, 5], [-19, 5], [15, -15], [15, 24], [-15, -15], [-15, 24]];

function svg(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// Rings are the picture's last layer, and so is the mark of a ring that stands for one point: no other line hides them.
function ring(picture, marks) {
  picture.querySelectorAll(".rings").forEach((old) => old.remove());
  const points = [...picture.querySelectorAll("g[data-at]")];
  const rings = [];
  for (const { line, at, letter } of marks) {
    const point = points.find((one) => one.dataset.at === at && one.dataset.policy === line);
    const mark = point?.querySelector("use");
    if (!mark) continue;
    const [x, y] = ["x", "y"].map((side) => Number(mark.getAttribute(side)));
    const same = rings.find((one) => Math.hypot(one.x - x, one.y - y) < 3);
    if (same) same.letters.push(letter);
    else rings.push({ point, x, y, letters: [letter] });
  }
  const taken = rings.map(({ x, y }) => [x, y]);
  const layer = svg("g", { class: "rings" }), texts = [];
  for (const { point, x, y, letters } of rings) {
    if (letters.length === 1) layer.append(again(point));
    layer.append(svg("circle", { class: "here", cx: x, cy: y, r: 11 }));
    const said = letters.filter(Boolean).join(", ");
    if (!said) continue;
    const hides = ([across, down]) => taken.some(([a, b]) => Math.hypot(a - x - across, b - y - down + 4) < 15);
    const [across, down] = BESIDE.find((one) => !hides(one)) ?? BESIDE[0];
    taken.push([x + across, y + down - 4]);
    texts.push(svg("text", { class: "here letter", x: x + across, y: y + down, "text-anchor": "middle" }, said));
  }
  layer.append(...texts);
  picture.append(layer);
}

// A point as its line draws it, without what names it to this script.
function again(point) {
  const line = svg("g", { class: point.parentNode.getAttribute("class") }), copy = point.cloneNode(true);
  delete copy.dataset.policy;
  delete copy.dataset.at;
  line.append(copy);
  return line;
}

function draw(state) {
  for (const [place, key] of Object.entries(explorer.page.charts(state))) {
    chart(key, the(place))?.querySelectorAll("svg.ladder").forEach((picture) => ring(picture, explorer.page.rings(state)));
  }
}

function address(state) {
  const { cube } = explorer;
  return new URLSearchParams({
    ...(cube.policies[state.policy] ? { policy: cube.policies[state.policy] } : {}),
    viewer: cube.viewers[state.viewer].name,
    sight: state.sight,
    retention: cube.stops[state.stop].name,
    measure: state.measure,
    ...(state.town ? { town: cube.towns[state.town - 1] } : {}),
  });
}

function show(wanted, first, direction = 1) {
  const state = settled(wanted, first, direction);
  the("instead").textContent = first === "retention" ? "" : instead(wanted, state);
  explorer.state = state;
  offer(state);
  fill(state);
  explorer.page.tell(state);
  draw(state);
  document.dispatchEvent(new CustomEvent("alprsim:state", { detail: explorer.page.detail(state) }));
}

function chosen() {
  const { form } = explorer;
  return {
    policy: Number(form.elements.policy.value), viewer: form.elements.viewer.value, sight: form.elements.sight.value,
    stop: Number(form.elements.retention.value), measure: form.elements.measure.value,
    town: Number(form.elements.town?.value ?? 0),
  };
}

// The state that an address names; what it does not name, or what this page does not have, stays.
function fromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const { cube } = explorer;
  const names = ["policy", "viewer", "sight", "retention", "measure", "town"].filter((name) => asked.has(name));
  if (!names.length) return false;
  const row = (list, name, now) => { const found = list.indexOf(asked.get(name)); return asked.has(name) && found >= 0 ? found : now; };
  const { state } = explorer;
  show({
    policy: row(cube.policies, "policy", state.policy),
    viewer: String(row(cube.viewers.map((one) => one.name), "viewer", Number(state.viewer))),
    sight: asked.get("sight") in cube.sights ? asked.get("sight") : state.sight,
    stop: row(cube.stops.map((one) => one.name), "retention", state.stop),
    measure: Object.hasOwn(cube.measures, asked.get("measure")) ? asked.get("measure") : state.measure,
    town: explorer.form.elements.town ? 1 + row(cube.towns, "town", -1) : 0,
  }, "measure");
  return true;
}

async function explore(page) {
  const { form } = explorer;
  explorer.page = page;
  const charts = carried("charts");
  explorer.cube = await carried("cube");
  explorer.known = Object.entries(explorer.cube.cells).flatMap(([key, group]) => {
    const [viewer, sight, measure] = key.split("~");
    return group.flatMap((stops, policy) => (stops.some(Boolean) ? [{ policy, viewer, sight, measure }] : []));
  });
  if (!explorer.known.length) return;
  explorer.plain = the("law").textContent;
  for (const place of ["shown", "under"]) {
    const figure = the(place)?.querySelector("figure");
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
