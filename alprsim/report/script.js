"use strict";
// Everything is readable without this: it only shows another of the charts that the page carries, and unzips its table.
const form = document.querySelector(".choose");
const shown = document.getElementById("shown");
const lists = [...form.elements];
const charts = new Map();
let keys = [];

async function unzip(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

function keep(figures) {
  for (const figure of figures) charts.set(figure.dataset.key, figure);
}

// The nearest chart there is: as many of the choices as possible, the one just made before all others.
function nearest(wanted, first) {
  const score = (key) => key.reduce((sum, part, row) => sum + (part === wanted[row] ? (row === first ? 4 : 1) : 0), 0);
  return keys.reduce((best, key) => (score(key) > score(best) ? key : best), keys[0]);
}

function show(wanted, first) {
  const key = nearest(wanted, first);
  document.getElementById("nothing").hidden = key.every((part, row) => part === wanted[row]);
  lists.forEach((list, row) => { list.value = key[row]; });
  const open = shown.querySelector("details").open;
  shown.replaceChildren(charts.get(key.join("~")));
  shown.querySelector("details").open = open;
  return key;
}

function fromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  if (asked.has("measure")) show(lists.map((list) => asked.get(list.name)), 2);
}

async function start() {
  keep(shown.querySelectorAll("figure"));
  const others = document.createElement("template");
  others.innerHTML = await unzip(document.getElementById("charts").content.textContent);
  keep(others.content.querySelectorAll("figure"));
  keys = [...charts.keys()].map((key) => key.split("~"));
  if (!keys.length) return;
  form.hidden = false;
  show(keys[0], 2);
  fromAddress();
  addEventListener("hashchange", fromAddress);
  form.addEventListener("change", (event) => {
    const key = show(lists.map((list) => list.value), lists.indexOf(event.target));
    const state = new URLSearchParams(lists.map((list, row) => [list.name, key[row]]));
    history.replaceState(null, "", "#" + state);
  });
}

const link = document.querySelector(".download");
link.addEventListener("click", async (event) => {
  if (!("DecompressionStream" in window)) return; // then the zipped file is saved
  event.preventDefault();
  const saved = document.createElement("a");
  saved.href = URL.createObjectURL(new Blob([await unzip(link.href.split(",")[1])], { type: "text/csv" }));
  saved.download = link.dataset.name;
  saved.click();
  setTimeout(() => URL.revokeObjectURL(saved.href), 10000);
});

addEventListener("beforeprint", () => document.querySelectorAll("#policies details").forEach((part) => { part.open = true; }));
if ("DecompressionStream" in window) start();
