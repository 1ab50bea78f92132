// The first part of the program of the page of attention: weights out of their bytes
// (attention_page.cc says how they lie there), colours, and the heads that are chosen. Loops over
// all weights ask for nothing but numbers.
#include "clearhead/plot/html_page.h"

namespace clearhead::plot {

std::string_view attention_page_data_script() {
  return R"js(
const byId = (id) => document.getElementById(id);

// The bytes of a text of 64 digits.
function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// The weight of a code that is no mask.
const STEP = (data.high - data.low) / data.levels;
const weightOf = (code) => code === 65535 ? NaN : data.low + (code - 1) * STEP;

// Adds a head to the sums [queries * keys]. A key that is masked between others is not seen if the
// head is alone.
function addHead(bytes, sum, seen, isAlone) {
  const T = kind().queries.length, S = kind().keys.length;
  let at = 0;
  const number = () => {
    let byte = bytes[at++], x = byte & 127;
    for (let shift = 7; byte > 127; shift += 7) {
      byte = bytes[at++];
      x |= (byte & 127) << shift;
    }
    return x;
  };
  for (let t = 0; t < T; t++) {
    const begin = number(), end = number();
    seen.fill(1, t * S + begin, t * S + end);
    let i = t * S + begin;
    for (let left = number(); left > 0; left--, i++) {
      i += number();
      const code = bytes[at] | bytes[at + 1] << 8;
      at += 2;
      if (code !== 0) sum[i] += weightOf(code);
      else if (isAlone) seen[i] = 0;
    }
  }
}

// The state of the page.
const state = {kind: data.open.kind, chosen: new Set(), weights: null, sinks: [], row: -1,
  column: -1, kept: false, log: false, hide: false, way: 'from'};
const kind = () => data.kinds[state.kind];
const headNumber = (layer, head) => layer * kind().heads + head;
// Where the weights of a head are; null while the browser has not read so far.
const headElement = (number) => byId('w' + state.kind + '.' + number);

// The mean of the chosen heads, [queries * keys]; -Infinity where no head sees a key.
function meanWeights() {
  const T = kind().queries.length, S = kind().keys.length;
  const sum = new Float32Array(T * S), seen = new Uint8Array(T * S);
  for (const number of state.chosen) {
    addHead(bytesOf(headElement(number).textContent), sum, seen, state.chosen.size === 1);
  }
  for (let i = 0; i < sum.length; i++) {
    if (seen[i]) sum[i] /= state.chosen.size; else sum[i] = -Infinity;
  }
  return sum;
}

// Keys that on average get a third of the weight of the other queries that see them.
function findSinks(weights) {
  const T = kind().queries.length, S = kind().keys.length, isSame = kind().same;
  const sums = new Float64Array(S), queries = new Uint32Array(S);
  for (let t = 0, i = 0; t < T; t++) {
    for (let s = 0; s < S; s++, i++) {
      if (weights[i] === -Infinity || (isSame && t === s)) continue;
      sums[s] += weights[i];
      queries[s]++;
    }
  }
  return [...queries.keys()].filter((s) => queries[s] >= 4 && sums[s] >= queries[s] / 3);
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

// The colours as numbers of four bytes, the last of which covers what is behind.
const COLORS = Uint32Array.from(data.colors,
  ([r, g, b]) => (255 << 24 | b << 16 | g << 8 | r) >>> 0);
const GRAY = 0xff808080;  // NaN

// The small picture of a head. The bytes of all of a kind are read once.
function drawSmall(canvas, number) {
  const small = kind().small, {rows, columns} = small;
  small.bytes ??= bytesOf(small.codes);
  canvas.width = columns;
  canvas.height = rows;
  const pen = canvas.getContext('2d'), image = pen.createImageData(columns, rows);
  const dots = new Uint32Array(image.data.buffer), most = Math.max(data.high, -data.low);
  for (let i = 0, at = 2 * number * dots.length; i < dots.length; i++, at += 2) {
    const code = small.bytes[at] | small.bytes[at + 1] << 8;
    if (code !== 0) dots[i] = COLORS[shade(weightOf(code), most)];  // else transparent
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
