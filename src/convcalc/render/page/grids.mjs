// Grids of squares that the arrows walk through. A square is known by its key, as "input:0,1,2".

const MOVES = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// A grid with a title; `keys` are rows of keys.
export function gridOf(title, keys) {
  const figure = element("figure", "plane");
  figure.append(element("figcaption", "", title));
  const grid = element("div", "grid");
  grid.setAttribute("role", "grid");
  grid.setAttribute("aria-label", title);
  grid.style.setProperty("--columns", keys[0].length);
  for (const row of keys) {
    const line = element("div", "row");
    line.setAttribute("role", "row");
    line.append(...row.map(blankSquare));
    grid.append(line);
  }
  grid.querySelector(".square").tabIndex = 0;
  const scroller = element("div", "scroller");
  scroller.append(grid);
  figure.append(scroller);
  return figure;
}

function blankSquare(key) {
  const square = element("div", "square");
  square.dataset.key = key;
  square.setAttribute("role", "gridcell");
  square.tabIndex = -1;
  square.append(element("span", "value"), element("span", "tap"));
  return square;
}

// Shows a square: its number, the weight on it, what kind it is, and its name for who hears it.
export function paint(square, { text, tap = "", kinds, name, selected }) {
  const [value, weight] = square.children;
  setText(value, text);
  setText(weight, tap);
  const long = text.length > 5 || tap.length > 6 ? "long" : "";
  const className = ["square", long, ...kinds].filter(Boolean).join(" ");
  if (square.className !== className) square.className = className;
  square.setAttribute("aria-label", name);
  if (selected === undefined) square.removeAttribute("aria-selected");
  else square.setAttribute("aria-selected", selected);
  square.title = name;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// The square that an arrow leads to from another of its grid; undefined for other keys.
export function neighbour(square, key) {
  const move = MOVES[key];
  if (!move) return undefined;
  const rows = [...square.closest(".grid").children].map((row) => [...row.children]);
  const row = rows.findIndex((squares) => squares.includes(square));
  const column = rows[row].indexOf(square);
  const inside = (at, count) => Math.min(Math.max(at, 0), count - 1);
  const next = rows[inside(row + move[0], rows.length)];
  return next[inside(column + move[1], next.length)];
}

// Moves the focus within a grid; Tab comes back to the square that had it.
export function focusOn(square) {
  for (const one of square.closest(".grid").querySelectorAll('[tabindex="0"]')) one.tabIndex = -1;
  square.tabIndex = 0;
  square.focus();
}
