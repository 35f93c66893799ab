// Everything is readable without this: it only shows another of the ladders that the page carries, and unzips its table.
const form = document.querySelector(".choose");
const shown = document.getElementById("shown");
const lists = [...form.elements];
const ladders = new Map();

function keep(figures) {
  for (const figure of figures) ladders.set(figure.dataset.key, figure);
}

// The nearest ladder there is: as many of the choices as possible, the one just made before all others.
function show(wanted, first) {
  const keys = [...ladders.keys()].map((key) => key.split("~"));
  const score = (key) => key.reduce((sum, part, row) => sum + (part === wanted[row] ? (row === first ? 5 : 1) : 0), 0);
  const key = keys.reduce((best, one) => (score(one) > score(best) ? one : best), keys[0]);
  document.getElementById("nothing").hidden = key.every((part, row) => part === wanted[row]);
  lists.forEach((list, row) => { list.value = key[row]; });
  const open = shown.querySelector("details").open;
  shown.replaceChildren(ladders.get(key.join("~")));
  shown.querySelector("details").open = open;
}

async function start() {
  keep(shown.querySelectorAll("figure"));
  if (!ladders.size) return;
  const others = document.createElement("template");
  others.innerHTML = await unzip(document.getElementById("charts").content.textContent);
  keep(others.content.querySelectorAll("figure"));
  form.hidden = ladders.size < 2;
  show(shown.querySelector("figure").dataset.key.split("~"), 0);
  form.addEventListener("change", (event) => show(lists.map((list) => list.value), lists.indexOf(event.target)));
}

if ("DecompressionStream" in window) start();
