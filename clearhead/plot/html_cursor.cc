// The second part of the program: the class Panel, a Drawing that shows the value of a cell by
// pointer, touch and keyboard; the legend; and what happens when the page opens.
#include "clearhead/plot/html_page.h"

namespace clearhead::plot {

std::string_view html_cursor_script() {
  return R"js(
const tip = document.getElementById('tip');
const live = document.getElementById('live');

// The shortest decimal that reads back as the same number.
function exactText(x) {
  if (Number.isNaN(x)) return 'NaN';
  if (!Number.isFinite(x)) return x < 0 ? 'masked' : '+\u221e';
  let text = String(x);
  for (let digits = 1; !data.doubles && digits <= 9; digits++) {
    const shorter = Number(x.toPrecision(digits));
    if (Math.fround(shorter) === x) { text = String(shorter); break; }
  }
  return text.replace(/-/g, '\u2212');
}

// A drawing over whose cells the pointer and the arrow keys move a cursor.
class Panel extends Drawing {
  constructor(source, number) {
    super(source, number);
    this.row = this.column = 0;
    this.cursor = element(this.cells, 'div', 'cursor');
    this.rowTag = element(this.plot, 'div', 'tag');
    this.columnTag = element(this.plot, 'div', 'tag');
    this.listen();
  }

  at(row, column) { return this.values[row * this.columns + column]; }

  listen() {
    const cells = this.cells;
    cells.tabIndex = 0;
    cells.setAttribute('role', 'application');
    cells.setAttribute('aria-roledescription', 'heatmap');
    cells.setAttribute('aria-label', (this.title || data.title || 'heatmap') + ', ' + this.rows +
      ' rows, ' + this.columns + ' columns');
    cells.setAttribute('aria-describedby', 'help');
    cells.addEventListener('pointermove', (event) => {
      if (event.pointerType !== 'touch') this.point(event);
    });
    cells.addEventListener('click', (event) => { this.point(event); this.announce(); });
    cells.addEventListener('pointerleave', (event) => {
      if (event.pointerType !== 'touch' && document.activeElement !== cells) hide();
    });
    cells.addEventListener('focus', () => {
      if (cells.matches(':focus-visible')) { this.show(); this.announce(); }
    });
    cells.addEventListener('blur', hide);
    cells.addEventListener('keydown', (event) => this.key(event));
  }

  point(event) {
    const box = this.cells.getBoundingClientRect();
    const along = (x, start, length, count) =>
      clamp(Math.floor((x - start) / length * count), 0, count - 1);
    this.row = along(event.clientY, box.top, box.height, this.rows);
    this.column = along(event.clientX, box.left, box.width, this.columns);
    this.show();
  }

  key(event) {
    const far = event.shiftKey ? 10 : 1, whole = event.ctrlKey || event.metaKey;
    let row = this.row, column = this.column;
    switch (event.key) {
      case 'ArrowUp': row -= far; break;
      case 'ArrowDown': row += far; break;
      case 'ArrowLeft': column -= far; break;
      case 'ArrowRight': column += far; break;
      case 'PageUp': row -= 10; break;
      case 'PageDown': row += 10; break;
      case 'Home': column = 0; if (whole) row = 0; break;
      case 'End': column = this.columns - 1; if (whole) row = this.rows - 1; break;
      case 'Escape': hide(); return;
      default: return;
    }
    event.preventDefault();
    this.row = clamp(row, 0, this.rows - 1);
    this.column = clamp(column, 0, this.columns - 1);
    this.show();
    this.announce();
  }

  // What the cell stands for along one axis: its label, and its place as a number.
  item(axis, cell) {
    const first = cell * axis.step, last = Math.min(first + axis.step, axis.count) - 1;
    const single = first === last && (axis.labels || axis.unit === 1);
    if (single) {
      return {name: axisLabel(axis, first), place: axis.labels ? String(first) : ''};
    }
    const begin = axisLabel(axis, first);
    if (!axis.labels) {
      return {name: begin + '\u2013' + (Number(axisLabel(axis, last + 1)) - 1), place: ''};
    }
    return {name: begin + ' \u2026 ' + axisLabel(axis, last), place: first + '\u2013' + last};
  }

  show() {
    hide();
    active = this;
    for (const panel of panels) {
      // Panels with the same axes show the same cell.
      const alike = panel.rowAxis === this.rowAxis && panel.columnAxis === this.columnAxis;
      if (panel === this || alike) {
        panel.row = this.row;
        panel.column = this.column;
        panel.markCell();
      }
    }
    this.markAxes();
    const value = this.at(this.row, this.column), finite = Number.isFinite(value);
    const marker = document.getElementById('marker');
    marker.style.display = finite ? 'block' : 'none';
    if (finite) marker.style.left = 100 * position(value) + '%';
    tip.replaceChildren();
    if (panels.length > 1 && this.title) element(tip, 'div', 'item', this.title).dir = 'auto';
    const number = element(tip, 'div', 'value');
    element(number, 'i').style.background = finite ? colorOf(value) : css('--' + kindOf(value));
    number.append(exactText(value));
    this.describe(data.rowTitle || 'row', this.item(this.rowAxis, this.row));
    this.describe(data.columnTitle || 'column', this.item(this.columnAxis, this.column));
    this.placeTip();
  }

  describe(axis, {name, place}) {
    const line = element(tip, 'div', 'item');
    element(line, 'span', '', axis + ' ');
    element(line, 'b', '', name).dir = 'auto';
    if (place) element(line, 'span', '', ' (' + place + ')');
  }

  placeTip() {
    tip.style.display = 'block';
    const box = this.cells.getBoundingClientRect(), size = tip.getBoundingClientRect();
    const x = box.left + (this.column + 0.5) * this.cellWidth;
    const y = box.top + (this.row + 0.5) * this.cellHeight;
    const right = x + this.cellWidth / 2 + 14, left = x - this.cellWidth / 2 - 14 - size.width;
    const fits = right + size.width <= window.innerWidth - 8 || left < 8;
    const most = Math.max(8, window.innerWidth - size.width - 8);
    tip.style.left = clamp(fits ? right : left, 8, most) + 'px';
    tip.style.top =
      clamp(y - size.height - 12, 8, Math.max(8, window.innerHeight - size.height - 8)) + 'px';
  }

  announce() {
    const row = this.item(this.rowAxis, this.row), column = this.item(this.columnAxis, this.column);
    const one = (axis, {name, place}) => axis + ' ' + name + (place ? ' (' + place + ')' : '');
    live.textContent = exactText(this.at(this.row, this.column)) + '; ' +
      one(data.rowTitle || 'row', row) + '; ' + one(data.columnTitle || 'column', column) +
      (panels.length > 1 ? '; ' + (this.title || 'panel ' + (this.number + 1)) : '');
  }

  markCell() {
    const style = this.cursor.style;
    style.display = 'block';
    style.left = this.column * this.cellWidth + 'px';
    style.top = this.row * this.cellHeight + 'px';
    style.width = this.cellWidth + 'px';
    style.height = this.cellHeight + 'px';
  }

  // The labels of the cell's row and column, over the axes, also where they were left out.
  markAxes() {
    const {rowTag, columnTag} = this;
    rowTag.textContent = this.item(this.rowAxis, this.row).name;
    columnTag.textContent = this.item(this.columnAxis, this.column).name;
    rowTag.style.display = columnTag.style.display = 'block';
    rowTag.style.right = this.width - this.left + 3 + 'px';
    rowTag.style.top = TOP + (this.row + 0.5) * this.cellHeight - 8.5 + 'px';
    const x = this.left + (this.column + 0.5) * this.cellWidth;
    columnTag.style.top = TOP + this.rows * this.cellHeight + 3 + 'px';
    columnTag.style.left = clamp(x - columnTag.offsetWidth / 2, 0,
      Math.max(0, this.width - columnTag.offsetWidth)) + 'px';
  }

  unmark() {
    for (const node of [this.cursor, this.rowTag, this.columnTag]) node.style.display = 'none';
  }
}

let active = null;  // the panel whose cell is shown

function hide() {
  active = null;
  tip.style.display = 'none';
  document.getElementById('marker').style.display = 'none';
  for (const panel of panels) panel.unmark();
}

function drawLegend() {
  const bar = document.querySelector('#bar .colors');
  const stops = data.colors.filter((color, i) => i % 5 === 0);
  bar.style.background = 'linear-gradient(to right, ' + stops.join(', ') + ')';
  for (const canvas of document.querySelectorAll('.special canvas')) {
    const ratio = window.devicePixelRatio || 1, pen = canvas.getContext('2d');
    canvas.width = canvas.height = 16 * ratio;
    pen.scale(ratio, ratio);
    pen.fillStyle = hatching(pen, canvas.dataset.kind);
    pen.fillRect(0, 0, 16, 16);
  }
}

function drawAll() {
  const widest = Math.max(...panels.map((panel) => panel.columns));
  const room = panels.length === 1 ? 2000 :
    panels.length > 12 ? clamp(widest * 2.5 + 50, 140, 320) : clamp(widest * 5 + 90, 260, 560);
  const asked = data.panelColumns, fits = asked > 0 && root.clientWidth >= asked * 120;
  root.style.gridTemplateColumns = fits ? 'repeat(' + asked + ', minmax(0, 1fr))' :
    'repeat(auto-fill, minmax(min(100%, ' + room + 'px), 1fr))';
  const shown = active;
  hide();
  drawLegend();
  for (const panel of panels) panel.draw();
  if (shown) shown.show();
}

const panels = [];
data.panels.forEach((source, i) => panels.push(new Panel(source, i)));
drawAll();
let width = window.innerWidth;
window.addEventListener('resize', () => {
  if (window.innerWidth === width) return;  // a phone's toolbar came or went
  width = window.innerWidth;
  drawAll();
});
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
)js";
}

}  // namespace clearhead::plot
