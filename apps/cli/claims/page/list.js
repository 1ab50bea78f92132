// The ranked table. Rows have one height, and only those in sight are elements, so that 5,000
// claims are as quick as 20.

const rowHeight = 56;
const scroller = find('scroll');
let queue = 'unusual';
let shown = [];      // the claims that pass the filters, in their order
let chosen = null;   // the claim that the keys are on
let made = new Map();  // claim → its row, of those that are elements

const inQueue = {
  unusual: data.claims.filter((claim) => claim.rank > 0),
  rules: data.claims.filter((claim) => claim.findings),
};
const highest = Math.max(1e-9, ...data.claims.map((claim) => claim.score));
const highestKind = Math.max(1e-9, ...data.claims.map((claim) => Math.max(...kindsOf(claim))));

// What is at stake: in the queue of rules, what they found. In cents.
const stakeOf = (claim) => queue === 'unusual' ? claim.stake :
  Math.max(0, ...claim.findings.map((finding) => finding.stake));

// What ranks were given by, if not by the score.
const rankedBy = data.rankedBy === 'score' ? '' :
  data.rankedBy === 'stake' ? 'amount at stake' : data.rankedBy;
// Orders: name, words, and what is compared, the largest first.
const orders = [
  ['rank', rankedBy ? 'rank, by ' + rankedBy : 'rank',
    (claim) => claim.rank ? -claim.rank : -Infinity],
  ['score', 'score', (claim) => claim.score],
  ['stake', 'amount at stake', stakeOf],
  ['charge', 'charge', (claim) => claim.charge === undefined ? -Infinity : claim.charge],
  ['date', 'date, latest first', (claim) => claim.date || ''],
  ...kindNames.map((name, i) => ['kind' + i, name, (claim) => kindsOf(claim)[i]]),
];
const defaultOrder = {unusual: 'rank', rules: 'stake'};

function passes(claim) {
  const search = find('search').value.trim().toLowerCase(), kind = find('kind').value;
  const least = find('least').value, decided = find('decided').value;
  if (search && !claim.id.toLowerCase().includes(search)) return false;
  if (least && stakeOf(claim) < 100 * Number(least)) return false;
  if (kind) {
    const number = Number(kind);
    if (queue === 'rules' ? !claim.findings.some((finding) => finding.kind === number) :
      leading(claim) !== number) return false;
  }
  if (!decided) return true;
  const d = decisionOn(claim, queue);
  if (decided === 'open') return !d || !d.decision;
  if (decided === 'note') return Boolean(d && d.note);
  return Boolean(d && d.decision === decided);
}

const isDismissed = (claim) => {
  const d = decisionOn(claim, queue);
  return Boolean(d && d.decision === 'dismiss');
};

// Filters and sorts anew; what is dismissed by now comes last. The chosen claim stays chosen if it
// is still there.
function updateList() {
  const value = orders.find((order) => order[0] === find('order').value)[2];
  shown = inQueue[queue].filter(passes).map((claim) => [value(claim), isDismissed(claim), claim]);
  shown.sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? 1 : a[0] > b[0] ? -1 : 0));
  shown = shown.map((entry) => entry[2]);
  for (const name of ['unusual', 'rules']) {
    const tab = find('tab-' + name), here = name === queue;
    tab.setAttribute('aria-selected', here);
    tab.tabIndex = here ? 0 : -1;
    tab.lastElementChild.textContent = countText(inQueue[name].length);
  }
  for (const head of document.querySelectorAll('[data-order]')) {
    const here = head.dataset.order === find('order').value;
    // Rank 1 comes first; of all else the largest.
    head.setAttribute('aria-sort',
      here ? head.dataset.order === 'rank' ? 'ascending' : 'descending' : 'none');
  }
  find('list').setAttribute('aria-rowcount', shown.length + 1);
  find('rows').style.height = shown.length * rowHeight + 'px';
  made.clear();
  scroller.scrollTop = 0;
  if (!shown.includes(chosen)) chosen = shown[0] || null;
  choose(chosen);
  tellCount();
}

function tellCount() {
  const all = inQueue[queue], decided = all.filter((claim) => {
    const d = decisionOn(claim, queue);
    return d && d.decision;
  });
  const stake = shown.reduce((sum, claim) => sum + stakeOf(claim), 0);
  find('count').textContent = !all.length ? 'No claim is in this queue.' :
    (shown.length === all.length ? counted(all.length, 'claim', 'claims') :
      countText(shown.length) + ' of ' + counted(all.length, 'claim', 'claims')) +
    ', at stake ' + moneyText(stake) + '; ' + countText(decided.length) + ' decided';
}

// Small bars, one a kind; the leading one is stronger.
function kindBars(claim) {
  const kinds = kindsOf(claim);
  const words = kindNames.map((name, i) => name + ' ' + scoreText(kinds[i])).join(', ');
  const svg = draw('svg', {class: 'kindbars', viewBox: '0 0 60 24', role: 'img',
    'aria-label': words});
  svg.append(Object.assign(draw('title', {}), {textContent: words}));
  kinds.forEach((score, i) => {
    const height = Math.max(1, 24 * clamp(score / highestKind, 0, 1));
    svg.append(draw('rect', {x: i * 10 + 1, width: 8, y: 24 - height, height,
      class: i === leading(claim) ? 'leading' : ''}));
  });
  return svg;
}

const decisionMark = {accept: ['✓', 'accepted'], dismiss: ['✕', 'dismissed'], '': ['', '']};

const ruleName = (finding) => data.words[finding.rule].replace(/_/g, ' ');

// Why a claim is in the queue, in a word or two.
const reasonOf = (claim) => queue === 'rules' ?
  ruleName(claim.findings[0]) : kindNames[leading(claim)];

function rowOf(claim, index) {
  const d = decisionOn(claim, queue), mark = decisionMark[d ? d.decision : ''];
  const cell = (cssClass, ...children) => make('div', cssClass, {role: 'gridcell'}, ...children);
  const where = [claim.date, claim.type === undefined ? '' : data.words[claim.type],
    data.words[claim.specialty]].filter(Boolean).join(' · ');
  const row = make('div', 'row', {
    role: 'row', id: 'row-' + index, 'aria-rowindex': index + 2,
    'aria-selected': 'false', onclick: () => { choose(claim); openClaim(); },
  },
    cell('rank', claim.rank ? countText(claim.rank) : '–'),
    cell('what', quoted(claim.id, 'id'),
      make('span', 'sub', {}, quoted(reasonOf(claim), 'reason'), ' ', quoted(where))),
    cell('stake number', moneyText(stakeOf(claim))),
    cell('score number', scoreText(claim.score),
      make('span', 'meter', {}, make('i', '', {style: 'width:' +
        clamp(100 * claim.score / highest, 0, 100) + '%'}))),
    cell('kinds', kindBars(claim)),
    cell('mark', make('span', '', {title: mark[1], 'aria-label': mark[1] || null}, mark[0]),
      d && d.note ? make('span', 'noted', {title: d.note, 'aria-label': 'with a note'}, '✎') : ''));
  if (d && d.decision) row.classList.add(d.decision);
  row.style.top = index * rowHeight + 'px';
  return row;
}

// Makes the rows in sight, and some above and below; `all`: every one, to print. Those that are
// there already stay.
function showRows(all) {
  const seen = Math.ceil(scroller.clientHeight / rowHeight);
  const first = all ? 0 : Math.max(0, Math.floor(scroller.scrollTop / rowHeight) - 8);
  const end = all ? shown.length : Math.min(shown.length, first + seen + 16);
  const before = made;
  made = new Map();
  for (let i = first; i < end; i++) made.set(shown[i], before.get(shown[i]) || rowOf(shown[i], i));
  const rows = find('rows'), wanted = new Set(made.values());
  for (const row of [...rows.children]) if (!wanted.has(row)) row.remove();
  let next = rows.firstChild;
  for (const row of wanted) {
    if (row === next) next = next.nextSibling;
    else rows.insertBefore(row, next);
  }
  const old = rows.querySelector('[aria-selected="true"]'), now = made.get(chosen);
  if (old) old.setAttribute('aria-selected', 'false');
  if (now) now.setAttribute('aria-selected', 'true');
  if (now) find('list').setAttribute('aria-activedescendant', now.id);
  else find('list').removeAttribute('aria-activedescendant');
}

// Puts the keys on a claim, and shows it where there is room for list and claim.
function choose(claim) {
  chosen = claim;
  const top = shown.indexOf(claim) * rowHeight, height = scroller.clientHeight;
  if (top >= 0 && top < scroller.scrollTop) scroller.scrollTop = top;
  if (top + rowHeight > scroller.scrollTop + height) scroller.scrollTop = top + rowHeight - height;
  showRows();
  showClaim();
}

// `by` rows down, or up.
function move(by) {
  const index = shown.indexOf(chosen);
  if (shown.length) choose(shown[clamp(index + by, 0, shown.length - 1)]);
}

function makeHead() {
  const head = document.querySelector('#list .head');
  const column = (cssClass, words, order) => make('div', cssClass,
    {role: 'columnheader', 'data-order': order || null},
    order ? make('button', '', {title: 'Order by ' + words, onclick: () => {
      find('order').value = order;
      updateList();
    }}, words) : words);
  head.append(column('rank', 'rank', 'rank'), column('what', 'claim'),
    column('stake number', 'at stake', 'stake'), column('score number', 'score', 'score'),
    column('kinds', 'kinds'), column('mark', make('span', 'hidden', {}, 'decision')));
  for (const [name, words] of orders) {
    find('order').append(make('option', '', {value: name}, words));
  }
  find('kind').append(make('option', '', {value: ''}, 'any'));
  kindNames.forEach((name, i) => find('kind').append(make('option', '', {value: i}, name)));
}
