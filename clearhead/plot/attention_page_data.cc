// The first part of the program of the page of attention: weights out of their bytes
// (attention_page.cc says how they lie there), colours, and the heads that are chosen.
#include "clearhead/plot/html_page.h"

namespace clearhead::plot {

std::string_view attention_page_data_script() {
  return R"js(
const byId = (id) => document.getElementById(id);

// Calls see(t, begin, end) for each query, and put(t, s, weight) for each weight that has an entry:
// -Infinity for a key that is masked between others.
function readHead(base64, queries, see, put) {
  const text = atob(base64);
  let at = 0;
  const number = () => {
    let x = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = text.charCodeAt(at++);
      x += (byte & 127) * 2 ** shift;
      if (byte < 128) return x;
    }
  };
  const step = (data.high - data.low) / data.levels;
  for (let t = 0; t < queries; t++) {
    const begin = number(), end = number();
    see(t, begin, end);
    let key = begin;
    for (let left = number(); left > 0; left--) {
      key += number();
      const code = text.charCodeAt(at) + 256 * text.charCodeAt(at + 1);
      at += 2;
      put(t, key++, code === 0 ? -Infinity : code === 65535 ? NaN : data.low + (code - 1) * step);
    }
  }
}

// The state of the page.
const state = {kind: data.open.kind, chosen: new Set(), weights: null, sinks: [], row: -1,
  column: -1, kept: false, log: false, hide: false, way: 'from'};
const kind = () => data.kinds[state.kind];
const headNumber = (layer, head) => layer * kind().heads + head;

// The mean of the chosen heads, [queries * keys]; -Infinity where no head sees a key.
function meanWeights() {
  const T = kind().queries.length, S = kind().keys.length;
  const sum = new Float32Array(T * S), seen = new Uint8Array(T * S);
  for (const number of state.chosen) {
    readHead(kind().weights[number], T,
      (t, begin, end) => seen.fill(1, t * S + begin, t * S + end),
      (t, s, weight) => {
        if (weight !== -Infinity) sum[t * S + s] += weight;
        else if (state.chosen.size === 1) seen[t * S + s] = 0;
      });
  }
  for (let i = 0; i < sum.length; i++) {
    if (seen[i]) sum[i] /= state.chosen.size; else sum[i] = -Infinity;
  }
  return sum;
}

// Keys that on average get a third of the weight of the other queries that see them.
function findSinks(weights) {
  const T = kind().queries.length, S = kind().keys.length, keys = [];
  for (let s = 0; s < S; s++) {
    let sum = 0, queries = 0;
    for (let t = 0; t < T; t++) {
      const weight = weights[t * S + s];
      if (weight === -Infinity || (kind().same && t === s)) continue;
      sum += weight;
      queries++;
    }
    if (queries >= 4 && sum >= queries / 3) keys.push(s);
  }
  return keys;
}

// The least weight that the logarithmic colours tell from 0.
const leastShown = () => Math.max(data.least, 1e-5);

// Where a weight lies among the colours, 0 to 255; `most` is the largest that is shown.
function shade(weight, most) {
  if (data.low < 0) return Math.round(127.5 + 127.5 * clamp(weight / most, -1, 1));
  if (!state.log) return Math.round(255 * clamp(weight / most, 0, 1));
  const least = leastShown();
  if (weight <= least) return 0;
  return Math.round(255 * clamp(Math.log(weight / least) / Math.log(most / least), 0, 1));
}

// A head in 48 x 48 dots at most: in each the weight farthest from 0.
function drawSmall(canvas, number) {
  const T = kind().queries.length, S = kind().keys.length;
  const rows = Math.min(48, T), columns = Math.min(48, S);
  const far = new Float32Array(rows * columns), seen = new Uint8Array(rows * columns);
  readHead(kind().weights[number], T, (t, begin, end) => {
    const row = Math.floor(t * rows / T) * columns;
    const last = Math.floor((end - 1) * columns / S);
    for (let c = Math.floor(begin * columns / S); begin < end && c <= last; c++) seen[row + c] = 1;
  }, (t, s, weight) => {
    const i = Math.floor(t * rows / T) * columns + Math.floor(s * columns / S);
    if (Number.isFinite(weight) && Math.abs(weight) > Math.abs(far[i])) far[i] = weight;
  });
  canvas.width = columns;
  canvas.height = rows;
  const pen = canvas.getContext('2d'), image = pen.createImageData(columns, rows);
  const most = Math.max(data.high, -data.low);
  for (let i = 0; i < far.length; i++) {
    if (!seen[i]) continue;  // masked: transparent
    image.data.set(data.colors[shade(far[i], most)], 4 * i);
    image.data[4 * i + 3] = 255;
  }
  pen.putImageData(image, 0, 0);
}

let drawing = 0;  // counts up, so that squares of another kind are not drawn any more

const squaresOf = () => [...byId('heads').querySelectorAll('button')];

// The squares of all heads, a few at a time, so that the page answers meanwhile.
function drawHeads() {
  const turn = ++drawing, squares = squaresOf();
  const some = () => {
    const until = performance.now() + 12;
    while (squares.length && turn === drawing && performance.now() < until) {
      const square = squares.shift();
      drawSmall(square.firstChild, Number(square.dataset.number));
    }
    if (squares.length && turn === drawing) requestAnimationFrame(some);
  };
  some();
}

function listHeads() {
  const heads = byId('heads');
  heads.replaceChildren();
  heads.style.gridTemplateColumns = 'auto repeat(' + kind().heads + ', minmax(0, 1fr))';
  element(heads, 'span');
  for (let head = 0; head < kind().heads; head++) element(heads, 'span', '', 'H' + head);
  for (let layer = 0; layer < kind().layers; layer++) {
    element(heads, 'span', '', 'L' + layer);
    for (let head = 0; head < kind().heads; head++) {
      const square = element(heads, 'button');
      square.type = 'button';
      square.dataset.number = headNumber(layer, head);
      square.title = 'layer ' + layer + ', head ' + head;
      square.setAttribute('aria-label', square.title);
      element(square, 'canvas');
    }
  }
  drawHeads();
}

// Chooses a head alone or, with `several`, besides or no longer besides others.
function choose(number, several) {
  if (!several) state.chosen.clear();
  if (several && state.chosen.has(number) && state.chosen.size > 1) state.chosen.delete(number);
  else state.chosen.add(number);
  update();
}

byId('heads').addEventListener('click', (event) => {
  const square = event.target.closest('button');
  if (!square) return;
  choose(Number(square.dataset.number), event.ctrlKey || event.metaKey || event.shiftKey);
});
byId('heads').addEventListener('keydown', (event) => {
  const squares = squaresOf(), at = squares.indexOf(document.activeElement);
  const by = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -kind().heads, ArrowDown: kind().heads};
  if (at < 0 || !(event.key in by)) return;
  event.preventDefault();
  squares[clamp(at + by[event.key], 0, squares.length - 1)].focus();
});
)js";
}

}  // namespace clearhead::plot
