'use strict';
// What all parts of the page use: its data, elements, and how numbers and codes are written. Text
// of the data becomes text of an element and is never read as markup.

const data = JSON.parse(document.getElementById('data').textContent);
const find = (id) => document.getElementById(id);
const clamp = (x, least, most) => Math.min(Math.max(x, least), most);
const kindNames = data.kinds.map((kind) => kind[0]);

// An element with a class, attributes and children: elements, or text.
function make(tag, cssClass, attributes, ...children) {
  const node = document.createElement(tag);
  if (cssClass) node.className = cssClass;
  for (const name in attributes || {}) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), attributes[name]);
    else if (attributes[name] !== null) node.setAttribute(name, attributes[name]);
  }
  node.append(...children.filter((child) => child !== null && child !== ''));
  return node;
}

// Text of the data, which keeps its own direction of writing.
const quoted = (text, cssClass) => make('bdi', cssClass, {}, text);

const grouped = new Intl.NumberFormat('en-US');
const withCents = new Intl.NumberFormat('en-US',
  {minimumFractionDigits: 2, maximumFractionDigits: 2});
const countText = (x) => grouped.format(x);
const moneyText = (cents) => cents === undefined ? '–' : withCents.format(cents / 100);
const scoreText = (x) => x.toFixed(1).replace('-', '\u2212');
const signedText = (x) => (x > 0 ? '+' : '') + scoreText(x);
const shareText = (p) => p >= 0.0995 ? Math.round(100 * p) + ' %' : (100 * p).toPrecision(2) + ' %';
// "1 in 2,500": how many normal claims score so high. More than were compared cannot be told.
const normalText = (score) => Math.pow(10, score) > data.compared ?
  '< 1 in ' + countText(data.compared) :
  '1 in ' + countText(Number(Math.pow(10, Math.max(0, score)).toPrecision(2)));
const counted = (n, one, many) => countText(n) + ' ' + (n === 1 ? one : many);

// "HCPCS E0431", and what it means if the user's tables say so.
function codeName(number) {
  const [system, value] = data.codes[number];
  return value || system || 'no code';
}
function codeNode(number) {
  const [system, value, text] = data.codes[number];
  const node = make('span', 'code', {}, quoted(codeName(number), 'value'));
  if (system && value) node.append(' ', make('span', 'system', {}, system));
  if (text) node.append(' ', quoted(text, 'text'));
  return node;
}

const svgSpace = 'http' + '://www.w3.org/2000/svg';  // a name, not an address
function draw(tag, attributes) {
  const node = document.createElementNS(svgSpace, tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  return node;
}

const kindsOf = (claim) => claim.kinds || kindNames.map(() => 0);
// The kind in which a claim is most unusual.
const leading = (claim) => kindsOf(claim).indexOf(Math.max(...kindsOf(claim)));
