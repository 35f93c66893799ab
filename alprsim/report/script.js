"use strict";
// Everything is readable without this: it moves through what the page carries, and unzips its table.

async function unzip(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

// What a <template> carries: JSON, zipped. The browser keeps the text only, so take it once.
async function carried(id) {
  return JSON.parse(await unzip(document.getElementById(id).content.textContent.trim()));
}

const link = document.querySelector(".download");
link?.addEventListener("click", async (event) => {
  if (!("DecompressionStream" in window)) return; // then the zipped file is saved
  event.preventDefault();
  const saved = document.createElement("a");
  saved.href = URL.createObjectURL(new Blob([await unzip(link.href.split(",")[1])], { type: "text/csv" }));
  saved.download = link.dataset.name;
  saved.click();
  setTimeout(() => URL.revokeObjectURL(saved.href), 10000);
});

// Long tables are folded on a phone; on paper they stand open.
if (matchMedia("screen and (max-width: 44rem)").matches) document.querySelectorAll("details.fold").forEach((part) => { part.open = false; });
document.addEventListener("click", (event) => {
  const around = event.target.closest?.("a[href^='#']") && document.getElementById(event.target.closest("a").hash.slice(1))?.closest("details");
  if (around) around.open = true;
});
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details.fold, details.glossary, #policies details, #differences details:not(.picture)")].filter((part) => !part.open);
  folded.forEach((part) => { part.open = true; });
});
addEventListener("afterprint", () => folded.forEach((part) => { part.open = false; }));
