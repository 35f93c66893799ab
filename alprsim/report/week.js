// The week on the map in another state of the page: which reads are held, what is drawn from them, and the sentence. A page has
// one pane, or one a side of a comparison; panes of one run share what the page carries of it.
const week = { panes: [], states: null, car: 0, hint: "" };

function isHeld(mask, read) {
  const digit = mask[mask.length - 1 - (read >> 2)];
  return digit !== undefined && (parseInt(digit, 16) >> (read & 3) & 1) === 1;
}

function filled(text, words) {
  return text.replace(/\{(\w+)\}/g, (_, name) => words[name]);
}

// What the state is called, and the view that the car's viewer has in it; no view: it was not asked.
function inState(pane, car) {
  const names = pane.data.names, [policy, viewer, sight, step] = pane.state;
  const row = (pane.data.cases[[policy, viewer, sight].join("~")] || {})[step];
  const said = {
    policy: names.policies[policy], viewer: names.viewers[viewer], sight: names.sights[sight],
    step: step === "-1" ? names.written[policy] : names.steps[step] || "with another limit",
  };
  return [{ ...car.facts, ...said }, row === undefined ? null : car.views[car.of[row]]];
}

function showReads(block, car, view) {
  const mask = view ? view.h : "0";
  const count = (reads) => reads.filter((read) => isHeld(mask, read)).length;
  const status = (read) => (!view ? "not asked" : !isHeld(mask, read) ? "not held" : read in view.k ? "held, " + car.notes[view.k[read]] : "held");
  for (const row of block.querySelectorAll("[data-read]")) row.querySelector(".held").textContent = status(row.dataset.read);
  for (const badge of block.querySelectorAll("[data-spot]")) {
    const reads = car.spots[badge.dataset.spot], n = count(reads);
    const said = view ? `${n} of ${reads.length} read${reads.length > 1 ? "s" : ""} held` : `${reads.length} read${reads.length > 1 ? "s" : ""}, not asked`;
    badge.setAttribute("class", "badge " + (n === 0 ? "none" : n === reads.length ? "all" : "some"));
    badge.querySelector("text").textContent = n || reads.length;
    badge.querySelector("title").textContent = said;
    badge.setAttribute("aria-label", said);
  }
  block.querySelectorAll(".hours rect").forEach((cell, row) => {
    const reads = car.cells[row].slice(2), n = count(reads);
    cell.setAttribute("class", "h" + Math.min(n, 4));
    cell.querySelector("title").textContent = `${cell.dataset.name}: ${view ? `${n} of ${reads.length} held` : "not asked"}`;
  });
  const total = [...block.querySelectorAll("[data-read]")].filter((row) => isHeld(mask, row.dataset.read)).length;
  block.querySelector(".hours").setAttribute("aria-label", `Calendar of the week: ${view ? total : "it was not asked how many"} of ${car.facts.reads} held, by day and hour`);
}

function showWeek(pane) {
  pane.place.hidden = pane.state.includes("");
  if (pane.place.hidden) return; // a side that has no such policy or viewer
  const { block, car } = chosenCar(pane), [words, view] = inState(pane, car), names = pane.data.names;
  const join = (runs, of) => runs.map((run) => of[run] || "").join("");
  block.querySelector("svg.week .right").setAttribute("d", view ? join(view.r, car.runs) : "");
  block.querySelector("svg.week .wrong").setAttribute("d", view ? join(view.w, car.runs) : "");
  block.querySelector("svg.week .crosses").setAttribute("d", view ? join(view.w, car.crosses) : "");
  const all = view ? { ...words, ...view.n } : words;
  block.querySelector(".sentence").textContent = filled(view ? names.said : names.none, all);
  block.querySelector("svg.week").setAttribute("aria-label", filled(view ? names.alt : names.none, all));
  block.classList.toggle("unasked", !view);
  showReads(block, car, view);
  block.querySelector(".readout").textContent = week.hint;
  if (pane.place.firstElementChild !== block) pane.place.replaceChildren(block); // else the focus would be lost
}

function chosenCar(pane) {
  const row = Math.min(week.car, pane.blocks.length - 1);
  return { block: pane.blocks[row], car: pane.data.cars[row] };
}

// Say when the reads of the disc were made, camera by camera.
function readOut(pane, event) {
  const badge = event.target.closest("[data-spot]");
  if (!badge) return;
  const { block, car } = chosenCar(pane), of = new Map();
  for (const read of car.spots[badge.dataset.spot]) {
    const [when, camera, held] = [...block.querySelector(`[data-read="${read}"]`).children].map((cell) => cell.textContent);
    const name = `${camera} (${held})`;
    of.set(name, [...(of.get(name) || []), when]);
  }
  block.querySelector(".readout").textContent = [...of].map(([name, times]) => `${name}: ${times.join(", ")}`).join("; ") + ".";
}

function paneOf(place, data) {
  const others = document.createElement("template");
  others.innerHTML = data.others;
  const blocks = [place.querySelector(".car"), ...others.content.querySelectorAll(".car")];
  const letter = place.dataset.letter;
  for (const block of letter ? blocks.slice(1) : []) {
    for (const region of block.querySelectorAll("[role=region]")) region.setAttribute("aria-label", `${region.getAttribute("aria-label")}, side ${letter}`);
  }
  for (const block of blocks) block.querySelector(".readout").hidden = false;
  const pane = { place, data, blocks, state: place.dataset.state?.split("~") ?? data.start };
  for (const kind of ["focusin", "mouseover"]) place.addEventListener(kind, (event) => readOut(pane, event));
  return pane;
}

function follow() {
  week.panes.forEach((pane) => {
    if (week.states) pane.state = week.states[pane.place.dataset.side ?? 0];
    showWeek(pane);
  });
}

async function startWeek() {
  const places = [...document.querySelectorAll(".whose-week")], kept = new Map();
  for (const id of new Set(places.map((place) => place.dataset.week ?? "week-data"))) kept.set(id, await carried(id));
  const panes = places.map((place) => paneOf(place, kept.get(place.dataset.week ?? "week-data")));
  week.hint = places[0].querySelector(".readout").textContent;
  const list = document.querySelector("#week .cars");
  if (list) {
    list.hidden = false;
    list.addEventListener("change", () => { week.car = list.elements.car.selectedIndex; follow(); });
  }
  week.panes = panes;
  follow();
}

document.addEventListener("alprsim:state", ({ detail }) => {
  week.states = (detail.sides ?? [detail]).map((one) => [one.policy, one.viewer, one.sight, one.retention]);
  follow();
});
if (document.querySelector(".whose-week") && "DecompressionStream" in window) startWeek();
