// The first part of the program: data, colours, and the class Drawing, which draws a panel on a
// canvas as large as the window allows, labels included. All text arrives as data and is set as
// text.
#include "clearhead/plot/html_page.h"

namespace clearhead::plot {

std::string_view html_drawing_script() {
  return R"js(
const root = document.getElementById('panels');
const FONT = 12, LINE = 13, APART = 12, TOP = 8, RIGHT = 14, GAP = 5, LEVEL_GAP = 7;
const NUMBERS_APART = 34;
const fontOf = (size, weight = 400) =>
  weight + ' ' + size + 'px system-ui, "Noto Sans", "Segoe UI", sans-serif';

// Little-endian numbers in base64.
function decode(base64) {
  const text = atob(base64);
  const view = new DataView(new ArrayBuffer(text.length));
  for (let i = 0; i < text.length; i++) view.setUint8(i, text.charCodeAt(i));
  const size = data.doubles ? 8 : 4, values = new Float64Array(text.length / size);
  for (let i = 0; i < values.length; i++) {
    values[i] = data.doubles ? view.getFloat64(8 * i, true) : view.getFloat32(4 * i, true);
  }
  return values;
}

// Where a finite value lies on the colour bar, 0 to 1.
function position(x) {
  const along = (v) => data.log ? Math.log(Math.max(v, data.low)) : v;
  const low = along(data.low), high = along(data.high);
  const place = clamp(along(x), low, high);
  if (Number.isFinite(high - low)) return (place - low) / (high - low);
  return (place / 2 - low / 2) / (high / 2 - low / 2);  // what would overflow is halved
}
const colorOf = (x) => data.colors[Math.min(255, Math.floor(position(x) * 256))];

function channels(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}
function textColorOn(hex) {
  const [r, g, b] = channels(hex).map((c) => {
    c /= 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  const y = 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  return 1.05 / y > y / 0.05 ? '#ffffff' : '#000000';
}

const kindOf = (x) => Number.isNaN(x) ? 'nan' : x < 0 ? 'masked' : 'infinite';

// A pattern of slanted lines for cells without a number.
function hatching(context, kind) {
  const tile = document.createElement('canvas'), ratio = window.devicePixelRatio || 1;
  const size = Math.round(7 * ratio);
  tile.width = tile.height = size;
  const pen = tile.getContext('2d');
  pen.fillStyle = css('--' + kind);
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = css('--' + kind + '-line');
  pen.lineWidth = ratio * 0.8;
  for (const shift of [-size, 0, size]) {
    pen.beginPath();
    if (kind !== 'infinite') { pen.moveTo(shift - 1, size + 1); pen.lineTo(shift + size + 1, -1); }
    if (kind !== 'masked') { pen.moveTo(shift - 1, -1); pen.lineTo(shift + size + 1, size + 1); }
    pen.stroke();
  }
  const pattern = context.createPattern(tile, 'repeat');
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}

const axisLabel = (axis, i) => axis.labels ? axis.labels[i] : String(axis.first + i * axis.unit);

// The items of an axis that get a label, at least `apart` pixels from one to the next.
function labelled(axis, pitch, apart) {
  let step = 1;
  if (axis.labels) {
    step = Math.max(1, Math.ceil(apart / pitch));
  } else if (pitch < apart) {
    for (let power = 1; step * pitch < Math.max(apart, NUMBERS_APART); power *= 10) {
      for (const lead of [1, 2, 5]) {
        if (step * pitch < Math.max(apart, NUMBERS_APART)) step = lead * power;
      }
    }
  }
  const items = [];
  for (let i = 0; i < axis.count; i += step) items.push(i);
  return items;
}

function shorten(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  const characters = Array.from(text.slice(0, 400));
  while (characters.length && context.measureText(characters.join('') + '\u2026').width > width) {
    characters.pop();
  }
  return characters.join('') + '\u2026';
}

// One matrix: its element, its canvas and what is drawn there.
class Drawing {
  constructor(source, number) {
    Object.assign(this, source);
    this.values = decode(source.values);
    this.rowAxis = data.axes[source.rowAxis];
    this.columnAxis = data.axes[source.columnAxis];
    this.number = number;
    const figure = element(root, 'figure');
    if (this.title) element(figure, 'figcaption', '', this.title).dir = 'auto';
    this.scroll = element(figure, 'div', 'scroll');
    this.plot = element(this.scroll, 'div', 'plot');
    this.canvas = element(this.plot, 'canvas');
    this.cells = element(this.plot, 'div', 'cells');
  }

  // Sizes of cells and labels for the width there is.
  measure(context) {
    const available = this.scroll.clientWidth - 6;
    context.font = fontOf(FONT);
    const widest = (axis, most) => {
      let width = axis.labels ? 0 : context.measureText(axisLabel(axis, axis.count)).width;
      for (const text of axis.labels || []) {
        if (width < most) width = Math.max(width, context.measureText(text.slice(0, 60)).width);
      }
      return Math.min(width, most);
    };
    const single = panels.length === 1;
    this.titleRoom = single && data.rowTitle ? LINE + 6 : 0;
    this.rowLabel = widest(this.rowAxis, Math.min(150, 0.28 * available));
    this.left = Math.ceil(this.titleRoom + this.rowLabel + GAP + 4);
    const height = Math.max(320, 0.8 * window.innerHeight, Math.min(12 * this.rows, 900));
    const least = this.columns > 200 ? 1 : 3;
    const room = available - this.left - RIGHT;  // what needs no scrolling
    const square = clamp(Math.min(room / this.columns, height / this.rows), least, 64);
    const side = (count, room) => Math.max(square, Math.min(16, 80 / count, room / count));
    this.cellWidth = side(this.columns, Math.max(60, room));
    this.cellHeight = side(this.rows, height);
    const level = !this.columnAxis.labels || (this.columnAxis.step === 1 &&
      widest(this.columnAxis, 1000) + LEVEL_GAP <= this.cellWidth);
    this.columnLabel = level ? 0 : widest(this.columnAxis, 110);
    this.below = (level ? LINE : this.columnLabel) + GAP + 4;
    this.width = Math.round(this.left + this.columns * this.cellWidth + RIGHT);
    this.height = Math.ceil(TOP + this.rows * this.cellHeight + this.below +
      (single && data.columnTitle ? LINE + 8 : 4));
  }

  draw() {
    const context = this.canvas.getContext('2d'), ratio = window.devicePixelRatio || 1;
    this.measure(context);
    this.plot.style.width = this.width + 'px';
    this.plot.style.height = this.height + 'px';
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    const cells = this.cells.style;
    cells.left = this.left + 'px';
    cells.top = TOP + 'px';
    cells.width = this.columns * this.cellWidth + 'px';
    cells.height = this.rows * this.cellHeight + 'px';
    context.scale(ratio, ratio);
    context.translate(0, TOP);
    this.drawCells(context);
    this.drawNumbers(context);
    this.drawLabels(context);
  }

  drawCells(context) {
    const width = this.columns * this.cellWidth, height = this.rows * this.cellHeight;
    const small = document.createElement('canvas');
    small.width = this.columns;
    small.height = this.rows;
    const pen = small.getContext('2d'), image = pen.createImageData(this.columns, this.rows);
    const table = data.colors.map(channels), special = [];
    this.values.forEach((value, i) => {
      if (!Number.isFinite(value)) { special.push(i); return; }
      const rgb = table[Math.min(255, Math.floor(position(value) * 256))];
      image.data.set([rgb[0], rgb[1], rgb[2], 255], 4 * i);
    });
    pen.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(small, this.left, 0, width, height);
    const patterns = {};
    for (let k = 0; k < special.length;) {  // a run of equal cells in a row at a time
      const i = special[k], kind = kindOf(this.values[i]), row = Math.floor(i / this.columns);
      const rowEnd = (row + 1) * this.columns;
      let end = k + 1;
      while (end < special.length && special[end] === special[end - 1] + 1 &&
        special[end] < rowEnd && kindOf(this.values[special[end]]) === kind) end++;
      context.fillStyle = patterns[kind] || (patterns[kind] = hatching(context, kind));
      context.fillRect(this.left + (i % this.columns) * this.cellWidth, row * this.cellHeight,
        (end - k) * this.cellWidth, this.cellHeight);
      k = end;
    }
    if (Math.min(this.cellWidth, this.cellHeight) >= 18) {
      context.strokeStyle = css('--page');
      context.lineWidth = 1;
      context.beginPath();
      for (let j = 1; j < this.columns; j++) {
        const x = this.left + j * this.cellWidth;
        context.moveTo(x, 0);
        context.lineTo(x, height);
      }
      for (let i = 1; i < this.rows; i++) {
        context.moveTo(this.left, i * this.cellHeight);
        context.lineTo(this.left + width, i * this.cellHeight);
      }
      context.stroke();
    } else {
      context.strokeStyle = css('--line');
      context.lineWidth = 0.5;
      context.strokeRect(this.left, 0, width, height);
    }
  }

  drawNumbers(context) {
    context.font = fontOf(FONT);
    const fits = (texts) => texts.every((t) => context.measureText(t).width + 6 <= this.cellWidth);
    const texts = (this.numbers || []).find(fits);
    if (!texts || this.cellHeight < LINE + 4) return;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    texts.forEach((text, i) => {
      const value = this.values[i];
      if (!Number.isFinite(value)) return;
      context.fillStyle = textColorOn(colorOf(value));
      context.fillText(text, this.left + (i % this.columns + 0.5) * this.cellWidth,
        (Math.floor(i / this.columns) + 0.5) * this.cellHeight + 0.5);
    });
  }

  drawLabels(context) {
    context.font = fontOf(FONT);
    context.textBaseline = 'middle';
    context.strokeStyle = css('--line');
    context.lineWidth = 1;
    const bottom = this.rows * this.cellHeight, text = css('--text');
    const rowPitch = this.cellHeight / this.rowAxis.step;
    const rows = labelled(this.rowAxis, rowPitch, APART);
    context.textAlign = 'right';
    for (const i of rows) {
      const y = (i + 0.5) * rowPitch;
      context.fillStyle = text;
      context.fillText(shorten(context, axisLabel(this.rowAxis, i), this.rowLabel + 1),
        this.left - GAP - 2, y);
      if (rows.length < this.rowAxis.count) this.mark(context, this.left - 4, y, this.left, y);
    }
    this.drawColumnLabels(context, bottom);
    if (panels.length > 1) return;
    context.fillStyle = css('--muted');
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    if (data.rowTitle) {
      context.save();
      context.translate(LINE / 2 + 1, bottom / 2);
      context.rotate(-Math.PI / 2);
      context.fillText(shorten(context, data.rowTitle, Math.max(bottom, 60)), 0, 0);
      context.restore();
    }
    if (data.columnTitle) {
      context.fillText(data.columnTitle, this.left + this.columns * this.cellWidth / 2,
        bottom + this.below + LINE / 2 + 2);
    }
  }

  drawColumnLabels(context, bottom) {
    const axis = this.columnAxis, pitch = this.cellWidth / axis.step;
    const level = this.columnLabel === 0;
    const apart = level && !axis.labels ?
      context.measureText(axisLabel(axis, axis.count)).width + LEVEL_GAP : level ? 0 : APART;
    const items = labelled(axis, pitch, apart);
    context.fillStyle = css('--text');
    for (const j of items) {
      const x = this.left + (j + 0.5) * pitch;
      if (items.length < axis.count) this.mark(context, x, bottom, x, bottom + 4);
      context.save();
      context.translate(x, bottom + GAP + 2);
      if (level) {
        context.textAlign = 'center';
        context.textBaseline = 'top';
        context.fillText(axisLabel(axis, j), 0, 0);
      } else {
        context.rotate(-Math.PI / 2);
        context.textAlign = 'right';
        context.fillText(shorten(context, axisLabel(axis, j), this.columnLabel + 1), 0, 0);
      }
      context.restore();
    }
  }

  mark(context, x1, y1, x2, y2) {
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
    context.stroke();
  }
}
)js";
}

}  // namespace clearhead::plot
