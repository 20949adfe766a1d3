// Sorting by a click on a title, and folding by a click on a block; nothing is loaded.

const MOST_UNFOLDED = 60; // rows: of a longer table only the outermost blocks are seen at first

const body = document.querySelector("tbody");
const titles = [...document.querySelectorAll("th")];
const rows = [...body.rows];
const blocks = rows.filter((row) => row.dataset.block !== undefined);
const layers = rows.filter((row) => row.dataset.block === undefined);
const folded = new Set();

// The number that a cell stands for, or its text.
function valueOf(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
}

// Numbers before texts, texts as people order them: 9 before 10.
function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
  return one.localeCompare(other, undefined, { numeric: true });
}

function sortBy(column) {
  const before = titles[column].getAttribute("aria-sort");
  const numeric = titles[column].className === "number" || layers.some((row) => row.cells[column].dataset.value);
  const order = numeric ? ["descending", "ascending"] : ["ascending", "descending"];
  const direction = order[order.indexOf(before) + 1]; // the third click brings the first order back
  for (const title of titles) title.removeAttribute("aria-sort");
  if (direction === undefined) {
    body.replaceChildren(...rows);
    body.className = "";
    showFolded();
    return;
  }
  titles[column].setAttribute("aria-sort", direction);
  const sign = direction === "ascending" ? 1 : -1;
  const sorted = layers.toSorted((one, other) => sign * compare(valueOf(one, column), valueOf(other, column)));
  for (const row of layers) row.hidden = false;
  body.className = "sorted";
  body.replaceChildren(...sorted); // blocks lie in the order of the network alone
}

// A row is hidden where a block around it is folded.
function showFolded() {
  const outside = (path) => [...folded].every((block) => !path.startsWith(`${block}.`));
  for (const row of rows) row.hidden = !outside(row.dataset.block ?? row.dataset.label);
  for (const row of blocks) {
    row.querySelector("button").setAttribute("aria-expanded", String(!folded.has(row.dataset.block)));
  }
}

function foldAll(wanted) {
  folded.clear();
  for (const row of wanted ? blocks : []) folded.add(row.dataset.block);
  showFolded();
}

titles.forEach((title, column) => title.querySelector("button").addEventListener("click", () => sortBy(column)));
for (const row of blocks) {
  row.querySelector("button").addEventListener("click", () => {
    if (!folded.delete(row.dataset.block)) folded.add(row.dataset.block);
    showFolded();
  });
}
if (blocks.length > 0) {
  document.querySelector("nav").hidden = false;
  document.getElementById("fold").addEventListener("click", () => foldAll(true));
  document.getElementById("unfold").addEventListener("click", () => foldAll(false));
  foldAll(layers.length > MOST_UNFOLDED);
}
