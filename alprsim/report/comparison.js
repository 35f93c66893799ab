// What a state of the comparison's explorer tells: every side's value and its difference to A, and where each side stands.
function sideRow(side, row, state, largest) {
  const cell = cellOf(side), where = explorer.cube.where[state.policy][state.stop][row];
  const told = cell && state.town ? cell.towns[state.town - 1] : cell && [cell.value, cell.said, cell.interval, cell.change, cell.changed];
  const line = document.getElementById("beside").tBodies[0].rows[row], at = (name) => line.querySelector(name);
  const [value, said, interval, change, changed] = told ?? [0, "not measured", "", row ? "not measured" : "", ""];
  at(".when").textContent = where.said;
  at(".value").textContent = said + (cell?.sofar ? " so far" : "");
  at(".interval").textContent = [interval, cell?.band && !state.town ? `${cell.band} over assumptions` : ""].filter(Boolean).join("; ");
  at(".fill").setAttribute("width", told && largest ? (100 * (value ?? largest) / largest).toFixed(1) : 0); // null is without end
  at(".change").textContent = row ? change : "–";
  at(".changed").textContent = changed;
  return `${explorer.cube.sides[row].letter}: ${said}${row && told ? `, ${change}` : ""}`;
}

function besides(state) {
  const { cube } = explorer, group = cube.cells[ladderKey(state)], now = placeOf(state), measure = cube.measures[state.measure];
  const list = explorer.form.elements.town;
  const known = now.some((side) => side?.[10].length);
  if (!known) state.town = 0;
  if (list) {
    list.value = state.town;
    for (const option of list.options) option.disabled = option.value !== "0" && !now.some((side) => side?.[10][option.value - 1]);
  }
  const every = group.flat(2).flatMap((side) => (!side ? [] : state.town ? side[10].filter(Boolean) : [side]));
  const most = every.reduce((a, b) => ((b[0] ?? 0) > (a?.[0] ?? 0) ? b : a), null);
  the("scale").textContent = most?.[0] ? `full bar: ${most[1]}` : "";
  const told = now.map((side, row) => sideRow(side, row, state, most?.[0]));
  const town = state.town ? `, homes in ${cube.towns[state.town - 1]}` : "";
  the("where").textContent = `${cube.viewers[state.viewer].title}, ${cube.sights[state.sight]} sight${town}`;
  the("title").textContent = measure.title;
  the("title").title = measure.definition;
  the("define").href = `#${state.measure.split(".")[0]}`;
  the("summary").textContent = `${measure.title}. ${told.join("; ")}.`;
  const stands = cube.where[state.policy][state.stop], lines = new Map();
  stands.forEach(({ line, step }, row) => lines.set(`${line}~${step}`, [...(lines.get(`${line}~${step}`) ?? []), cube.sides[row].letter]));
  const same = [...lines.values()].filter((letters) => letters.length > 1).map((letters) => letters.join(" and "));
  the("same").hidden = !same.length;
  the("same").textContent = same.length ? `Under this limit ${same.join(", and ")} are the same: they differ by their limit alone.` : "";
  document.querySelectorAll(".pane").forEach((pane, row) => { pane.querySelector(".stands").textContent = `${cube.sides[row].name}, ${stands[row].said}`; });
}

// The table of home towns, of what was chosen: a column a side, then a column a difference.
function byTown(state) {
  const { cube } = explorer, part = the("bytown"), now = placeOf(state), stands = cube.where[state.policy][state.stop];
  if (!part || !cube.towns.length) return; // then it stays at the sentence's measure, and says so
  const known = now.some((side) => side?.[10].length);
  const said = `${cube.measures[state.measure].title}, by home town: ${cube.viewers[state.viewer].title}, ${cube.sights[state.sight]} sight`;
  part.querySelectorAll("summary, caption").forEach((one) => { one.textContent = known ? said : `${said}: not told by town`; });
  const table = part.querySelector("table");
  table.hidden = !known;
  cube.sides.forEach((side, row) => {
    table.tHead.rows[0].cells[row + 1].querySelector("small").textContent = `${side.name}, ${stands[row].said}`;
  });
  [...table.tBodies[0].rows].forEach((line, town) => {
    const told = now.map((side) => side?.[10][town]);
    const cells = [...told.map((one) => one?.slice(1, 3)), ...told.slice(1).map((one) => one?.slice(3, 5))];
    cells.forEach((one, column) => {
      const cell = line.cells[column + 1], [value, band] = one ?? ["not measured", ""];
      const small = Object.assign(document.createElement("small"), { textContent: band, className: band.length > 24 ? "long" : "" });
      cell.replaceChildren(value.replace("percentage ", ""), ...(band ? [small] : []));
      cell.classList.toggle("none", value === "not measured");
      const head = table.tHead.rows[0].cells[column + 1];
      cell.dataset.label = [head.firstChild.textContent, head.querySelector("small")?.textContent].filter(Boolean).join(", ");
    });
  });
}

if ("DecompressionStream" in window) {
  explore({
    tell: (state) => { besides(state); byTown(state); },
    charts: (state) => ({ shown: `${state.policy}~${ladderKey(state)}` }),
    rings: (state) => explorer.cube.where[state.policy][state.stop].map(({ line, step }, row) => ({ line, at: step, letter: explorer.cube.sides[row].letter })),
    detail: (state) => ({
      sides: explorer.cube.where[state.policy][state.stop].map(({ policy, step }, row) => ({
        policy, viewer: explorer.cube.sides[row].viewers[state.viewer], sight: state.sight, retention: step,
      })),
    }),
  });
}
