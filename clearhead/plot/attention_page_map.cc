// The second part of the program of the page of attention: the map of the chosen heads, the tokens
// in both directions, and what happens when the page opens.
#include "clearhead/plot/html_page.h"

namespace clearhead::plot {

std::string_view attention_page_map_script() {
  return R"js(
const T = () => kind().queries.length, S = () => kind().keys.length;
const weightAt = (t, s) => state.weights[t * S() + s];
const isHidden = (s) => state.hide && state.sinks.includes(s);
let cell = 1;  // pixels of a cell
const NAMED = 12;  // from so many on it has room for names
// As many as a code of a weight knows.
const DECIMALS = clamp(Math.ceil(-Math.log10((data.high - data.low) / data.levels)), 0, 12);

function weightText(x) {
  if (Number.isNaN(x)) return 'NaN';
  if (x === -Infinity) return 'masked';
  if (Math.abs(x) < data.least) {
    return data.isWhole ? '0' : 'less than ' + data.least.toPrecision(2);
  }
  return String(Number(x.toFixed(DECIMALS)));
}

// 1 for each key that is hidden.
function hiddenKeys() {
  const hidden = new Uint8Array(S());
  if (state.hide) for (const s of state.sinks) hidden[s] = 1;
  return hidden;
}

// The weight farthest from 0 that is shown.
function mostShown(hidden) {
  const weights = state.weights, keys = S();
  let most = 0;
  for (let begin = 0; begin < weights.length; begin += keys) {
    for (let s = 0; s < keys; s++) {
      const x = Math.abs(weights[begin + s]);
      if (x > most && x < Infinity && !hidden[s]) most = x;
    }
  }
  return most || 1;
}

function drawMap() {
  const canvas = byId('cells'), room = byId('frame').parentElement.clientWidth - 4;
  const hidden = hiddenKeys(), most = mostShown(hidden), weights = state.weights, keys = S();
  canvas.width = keys;
  canvas.height = T();
  const image = canvas.getContext('2d').createImageData(keys, T());
  const dots = new Uint32Array(image.data.buffer);
  for (let begin = 0; begin < weights.length; begin += keys) {
    for (let s = 0; s < keys; s++) {
      const x = weights[begin + s];
      if (x === -Infinity || hidden[s]) continue;  // transparent
      dots[begin + s] = Number.isNaN(x) ? GRAY : COLORS[shade(x, most)];
    }
  }
  canvas.getContext('2d').putImageData(image, 0, 0);
  const size = (width) => byId('zoom').value *
    Math.min(width / S(), Math.max(360, 0.7 * window.innerHeight) / T(), 28);
  cell = size(room);
  listNames();
  const beside = byId('rowNames').offsetWidth;
  if (beside > 0) {  // without names, if there is no room for them and all cells
    cell = Math.max(size(room - beside), Math.min(cell, NAMED - 0.1));
    listNames();
  }
  drawBar(most);
  for (const node of [canvas, byId('map')]) {
    node.style.width = S() * cell + 'px';
    node.style.height = T() * cell + 'px';
  }
}

// The names of rows and columns, where cells are large enough for them.
function listNames() {
  for (const [id, names, side] of [['rowNames', kind().queries, 'height'],
    ['columnNames', kind().keys, 'width']]) {
    byId(id).replaceChildren();
    if (cell < NAMED) continue;
    for (const name of names) {
      const node = element(byId(id), 'div', '', name);
      node.style[side] = node.style.lineHeight = cell + 'px';
    }
  }
}

function drawBar(most) {
  const stops = data.colors.filter((color, i) => i % 15 === 0).map((c) => 'rgb(' + c.join() + ')');
  document.querySelector('#bar .colors').style.background =
    'linear-gradient(to right, ' + stops.join(', ') + ')';
  const low = data.low < 0 ? -most : state.log ? leastShown() : 0;
  const ends = document.querySelectorAll('#bar .ticks span');
  ends[0].textContent = String(Number(low.toPrecision(3)));
  ends[1].textContent = String(Number(most.toPrecision(3)));
  ends[0].style.left = '0';
  ends[1].style.left = '100%';
}

// The background of a token that has this share of the largest weight. Most tokens keep theirs when
// the pointer moves, and a browser styles only those that change.
function tint(node, share) {
  const strength = Math.round(55 * clamp(share, 0, 1));  // text stays readable on it
  if (strength === (node.strength ?? 0)) return;
  node.strength = strength;
  node.style.background = strength === 0 ? '' :
    'color-mix(in srgb, var(--focus) ' + strength + '%, transparent)';
}

function listTokens() {
  for (const [id, names] of [['queries', kind().queries], ['keys', kind().keys]]) {
    const list = byId(id);
    list.replaceChildren();
    list.hidden = id === 'keys' && kind().same;
    if (list.hidden) continue;
    list.setAttribute('role', 'group');
    list.setAttribute('aria-label', id === 'keys' ? kind().keyTitle : kind().queryTitle);
    names.forEach((name, i) => {
      const token = element(list, 'button', '', name);
      token.type = 'button';
      token.dataset.place = i;
      token.title = String(i);
    });
  }
}

// Each token by how much it has to do with the one that is pointed at; if none is, with the last.
function tintTokens() {
  const from = state.way === 'from', nowhere = state.row < 0 && state.column < 0;
  const at = nowhere ? (from ? T() : S()) - 1 : from ? state.row : state.column;
  const shown = byId(kind().same ? 'queries' : from ? 'keys' : 'queries');
  const own = byId(kind().same || from ? 'queries' : 'keys');
  for (const token of document.querySelectorAll('.tokens .at')) token.classList.remove('at');
  byId('strongest').replaceChildren();
  const weights = [...shown.children].map((token, i) => {
    const x = at < 0 ? 0 : from ? weightAt(at, i) : weightAt(i, at);
    return Number.isFinite(x) && !isHidden(from ? i : at) ? Math.abs(x) : 0;
  });
  const most = Math.max(...weights, 1e-9);
  weights.forEach((x, i) => tint(shown.children[i], x / most));
  if (own !== shown) for (const token of own.children) tint(token, 0);
  if (at < 0) return;
  if (own.children[at]) own.children[at].classList.add('at');
  listStrongest(at, weights.map((x, i) => [x, i]).filter((entry) => entry[0] > 0)
    .sort((a, b) => b[0] - a[0]).slice(0, 8));
}

// What the token `at` looks at most, or what looks at it most, with bars.
function listStrongest(at, strongest) {
  const from = state.way === 'from', list = byId('strongest');
  const heading = element(list, 'li');
  heading.append(named('', from ? kind().queries : kind().keys, at),
    from ? ' looks most at' : ' is most looked at by');
  for (const [share, i] of strongest) {
    const line = element(list, 'li', 'weight');
    element(line, 'span', '', weightText(from ? weightAt(at, i) : weightAt(i, at)));
    element(element(line, 'span', 'length'), 'i').style.width =
      100 * share / strongest[0][0] + '%';
    line.append(named('', from ? kind().keys : kind().queries, i));
  }
}

function named(title, names, i) {
  const line = document.createElement('span');
  if (title) line.append(title + ' ');
  const name = element(line, 'b', '', names[i]);
  name.dir = 'auto';
  line.append(' (' + i + ')');
  return line;
}

// What is pointed at: a cell, or a token alone.
function showPlace() {
  const values = byId('values'), cursor = byId('cursor'), {row, column} = state;
  values.replaceChildren();
  const isCell = row >= 0 && column >= 0;
  cursor.style.display = isCell ? 'block' : 'none';
  if (isCell) {
    cursor.style.left = column * cell + 'px';
    cursor.style.top = row * cell + 'px';
    cursor.style.width = cursor.style.height = cell + 'px';
    values.append(weightText(weightAt(row, column)), ' \u2003 ',
      named(kind().queryTitle, kind().queries, row), ' \u2192 ',
      named(kind().keyTitle, kind().keys, column));
  }
  tintTokens();
}

function setPlace(row, column, keep) {
  state.row = row;
  state.column = column;
  if (keep !== undefined) state.kept = keep;
  showPlace();
}

function placeOf(event) {
  const box = byId('map').getBoundingClientRect();
  return [clamp(Math.floor((event.clientY - box.top) / cell), 0, T() - 1),
    clamp(Math.floor((event.clientX - box.left) / cell), 0, S() - 1)];
}

const map = byId('map');
map.tabIndex = 0;
map.setAttribute('role', 'application');
map.setAttribute('aria-roledescription', 'map of attention');
map.addEventListener('pointermove', (event) => {
  if (event.pointerType !== 'touch' && !state.kept) setPlace(...placeOf(event));
});
map.addEventListener('click', (event) => {
  setPlace(...placeOf(event), event.pointerType !== 'touch');
});
map.addEventListener('pointerleave', () => { if (!state.kept) setPlace(-1, -1); });
map.addEventListener('keydown', (event) => {
  const far = event.shiftKey ? 10 : 1;
  const by = {ArrowUp: [-far, 0], ArrowDown: [far, 0], ArrowLeft: [0, -far], ArrowRight: [0, far]};
  if (!(event.key in by)) return;
  event.preventDefault();
  const [rows, columns] = by[event.key];
  setPlace(clamp(Math.max(state.row, 0) + rows, 0, T() - 1),
    clamp(Math.max(state.column, 0) + columns, 0, S() - 1), true);
  byId('cursor').scrollIntoView({block: 'nearest', inline: 'nearest'});
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') setPlace(-1, -1, false);
});

for (const id of ['queries', 'keys']) {
  // A token of the side that is not asked about changes the direction.
  const point = (event, keep) => {
    const token = event.target.closest('button');
    if (!token) return;
    const place = Number(token.dataset.place);
    if (!kind().same) setWay(id === 'queries' ? 'from' : 'to');
    setPlace(state.way === 'from' ? place : -1, state.way === 'from' ? -1 : place, keep);
  };
  byId(id).addEventListener('pointerover', (event) => {
    if (!state.kept && event.pointerType !== 'touch') point(event);
  });
  byId(id).addEventListener('focusin', (event) => { if (!state.kept) point(event); });
  byId(id).addEventListener('click', (event) => point(event, true));
  byId(id).addEventListener('pointerleave', () => { if (!state.kept) setPlace(-1, -1); });
}

function setWay(way) {
  state.way = way;
  document.querySelector('input[name="way"][value="' + way + '"]').checked = true;
}
byId('direction').addEventListener('change', (event) => {
  state.way = event.target.value;
  tintTokens();
});

// After other heads were chosen. Those that the browser has not read yet are drawn when it has.
function update() {
  if ([...state.chosen].some((number) => headElement(number) === null)) {
    byId('chosen').textContent = 'The page is still being read …';
    document.addEventListener('DOMContentLoaded', update, {once: true});
    return;
  }
  state.weights = meanWeights();
  state.sinks = findSinks(state.weights);
  const numbers = [...state.chosen].sort((a, b) => a - b);
  for (const square of squaresOf()) {
    square.setAttribute('aria-pressed', state.chosen.has(Number(square.dataset.number)));
  }
  const names = numbers.map((n) => 'L' + Math.floor(n / kind().heads) + 'H' + n % kind().heads);
  byId('chosen').textContent = kind().title + ', ' +
    (numbers.length === 1 ? 'layer ' + Math.floor(numbers[0] / kind().heads) + ', head ' +
      numbers[0] % kind().heads : 'mean of ' + names.slice(0, 12).join(', ') +
      (names.length > 12 ? ' and ' + (names.length - 12) + ' more' : ''));
  redraw();
}

function redraw() {
  drawMap();
  showPlace();
}

function openHead(number) {
  state.kept = false;
  state.row = state.column = -1;
  state.chosen = new Set([number]);
  listHeads();
  listTokens();
  update();
}

data.kinds.forEach((one, i) => { element(byId('kind'), 'option', '', one.title).value = i; });
byId('kind').value = state.kind;
byId('kindLabel').hidden = data.kinds.length === 1;
byId('kind').addEventListener('change', () => {
  state.kind = Number(byId('kind').value);
  openHead(0);
});
byId('scale').addEventListener('change', () => {
  state.log = byId('scale').value === 'log';
  drawHeads();
  redraw();
});
byId('scale').disabled = data.low < 0;
byId('sinks').addEventListener('change', () => { state.hide = byId('sinks').checked; redraw(); });
byId('zoom').addEventListener('input', redraw);
let width = window.innerWidth;
window.addEventListener('resize', () => {
  if (window.innerWidth === width) return;  // a phone's toolbar came or went
  width = window.innerWidth;
  redraw();
});
byId('note').textContent = data.isWhole ? '' : 'Weights below ' + data.least.toPrecision(2) +
  ' are left out, so that the page stays small.';
openHead(headNumber(data.open.layer, data.open.head));
)js";
}

}  // namespace clearhead::plot
