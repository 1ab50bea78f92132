// One claim: what it is, what is unusual, what rules found, which clauses it possibly touches, and
// what people decide.

function fact(name, ...value) {
  return make('div', '', {}, make('dt', '', {}, name), make('dd', '', {}, ...value));
}

// The score of each kind; below it, what stands there and what would be expected.
function kindTable(claim) {
  const kinds = kindsOf(claim), most = leading(claim), reasons = new Map(claim.reasons || []);
  return make('table', 'kindtable', {}, ...kindNames.flatMap((name, i) => [make('tr',
    i === most ? 'leading' : '', {title: data.kinds[i][1]},
    make('th', '', {scope: 'row'}, name),
    make('td', 'number', {}, scoreText(kinds[i])),
    make('td', 'wide', {}, make('span', 'meter', {'aria-hidden': 'true'},
      make('i', '', {style: 'width:' + clamp(100 * kinds[i] / highestKind, 0, 100) + '%'})))),
  reasons.has(i) ? make('tr', 'reasons', {}, make('td', '', {}),
    make('td', '', {colspan: '2'}, quoted(withTexts(reasons.get(i))))) : ''].filter(Boolean)));
}

// The scores of the claims of its type, and where this one stands.
function histogram(claim) {
  const [of, from, to, counts] = data.distributions[claim.like];
  const total = counts.reduce((sum, n) => sum + n, 0), most = Math.max(1, ...counts);
  const width = 320, height = 80, wide = width / counts.length;
  const words = 'Of ' + counted(total, of + ' claim', of + ' claims') + ' here, ' +
    (claim.asHigh > 1 ? countText(claim.asHigh) + ' score' : 'this one alone scores') +
    ' as high or higher.';
  const svg = draw('svg', {class: 'histogram', viewBox: '0 0 ' + width + ' ' + (height + 30),
    role: 'img', 'aria-label': 'Histogram. ' + words + ' This claim: ' + scoreText(claim.score)});
  counts.forEach((n, i) => {
    // A bin with any claim can be seen.
    const tall = n ? Math.max(1.5, height * n / most) : 0;
    svg.append(draw('rect', {x: i * wide, y: 12 + height - tall, width: Math.max(0.5, wide - 1),
      height: tall}));
  });
  const label = (x, y, anchor, words_, cssClass) => svg.append(Object.assign(
    draw('text', {x, y, 'text-anchor': anchor, class: cssClass}), {textContent: words_}));
  svg.append(draw('line', {x1: 0, x2: width, y1: height + 12, y2: height + 12, class: 'axis'}));
  const x = width * clamp((claim.score - from) / (to - from), 0, 1);
  svg.append(draw('line', {x1: x, x2: x, y1: 10, y2: height + 12, class: 'here'}));
  label(clamp(x, 40, width - 40), 9, 'middle', 'this claim ' + scoreText(claim.score), 'here');
  label(0, height + 26, 'start', scoreText(from));
  label(width, height + 26, 'end', scoreText(to));
  return make('section', '', {}, make('h3', '', {}, 'Among the claims here'), svg,
    make('p', '', {}, words));
}

function findingsList(claim) {
  return make('section', '', {}, make('h3', '', {}, 'Found by rules'),
    make('ul', 'findings', {}, ...claim.findings.map((finding) => make('li', '', {},
      make('b', '', {}, ruleName(finding)), ' ',
      make('span', 'tagged', {}, kindNames[finding.kind]), ' ',
      finding.warning ? make('span', 'tagged', {}, 'a warning: look at the table first') : '',
      make('p', 'told', {}, quoted(finding.reason), /[.!?]$/.test(finding.reason) ? '' : '.',
        finding.stake ? ' At stake: ' + moneyText(finding.stake) + '.' : ''),
      finding.row ? make('p', 'place', {}, 'Table: ', quoted(finding.row)) : '',
      ...finding.places.map((place) => make('p', 'place', {}, quoted(place)))))));
}

// The quoted words, those that met a word of the claim marked by how well.
function quotation([clause, begin, end, meetings]) {
  const text = data.clauses[clause][2], quote = make('blockquote', '', {});
  let at = begin;
  if (begin > 0) quote.append('… ');
  for (const [from, to, heat] of meetings) {
    if (from < at || to > end) continue;
    quote.append(text.slice(at, from), make('mark', '', {style: '--share:' + clamp(heat, 0, 1)},
      text.slice(from, to)));
    at = to;
  }
  quote.append(text.slice(at, end));
  if (end < text.length) quote.append(' …');
  return quote;
}

// Which words of the claim met which of the clause, each once, the best first.
function metWords([clause, , , meetings]) {
  const text = data.clauses[clause][2], met = new Map();
  for (const [from, to, , word] of [...meetings].sort((a, b) => b[2] - a[2])) {
    met.set(word, (met.get(word) || new Set()).add(text.slice(from, to)));
  }
  return make('ul', 'met', {}, ...[...met].slice(0, 6).map(([word, words]) => make('li', '', {},
    quoted(data.words[word]), ' met ', quoted([...words].join(', ')))));
}

function clauseList(claim) {
  return make('section', '', {}, make('h3', '', {}, 'Possibly relevant clauses'),
    make('p', '', {}, 'They share words with the texts of its codes; the darker a word, the more ' +
      'it counts. Whether one applies is for a person to say.'),
    ...claim.clauses.map((hit) => {
      const [id, heading, text, place] = data.clauses[hit[0]];
      const whole = make('details', '', {ontoggle: () => {
        if (whole.open && !whole.querySelector('blockquote')) {
          whole.append(make('blockquote', '', {}, text));
        }
      }}, make('summary', '', {}, 'The whole clause'));
      return make('article', 'clause', {},
        make('h4', '', {}, quoted(id), heading ? make('span', 'sub', {}, quoted(heading)) : ''),
        quotation(hit), hit[3].length ? metWords(hit) : '',
        hit[1] > 0 || hit[2] < text.length ? whole : '',
        place ? make('p', 'place', {}, quoted(place)) : '');
    }));
}

function decisionForm(claim) {
  const d = decisionOn(claim, queue) || {decision: '', note: ''};
  const button = (decision, key, words) => make('button', decision, {
    'aria-pressed': String(d.decision === decision), 'aria-keyshortcuts': key,
    onclick: () => toggle(decision),
  }, decisionMark[decision][0] + ' ' + words + ' ', make('kbd', '', {}, key));
  return make('div', 'decide', {role: 'group', 'aria-label': 'Decision, queue ' + queue},
    button('accept', 'a', 'Accept'), button('dismiss', 'd', 'Dismiss'),
    make('label', '', {}, make('span', 'hidden', {}, 'Note'),
      make('textarea', '', {id: 'note', rows: '1', placeholder: 'Note (n)',
        'aria-keyshortcuts': 'n',
        onchange: (event) => decideHere(claim, {note: event.target.value.trim()})}, d.note)),
    d.date ? make('p', '', {}, quoted(d.by || 'decided'), ', ' + d.date) : '');
}

// Decides on a claim in this queue, and shows that.
function decideHere(claim, change) {
  decide(claim, queue, change);
  made.delete(claim);
  showRows();
  tellCount();
  if (claim === chosen) {
    document.querySelector('#claim .decide').replaceWith(decisionForm(claim));
  }
}

// Accepts or dismisses the chosen claim, or takes that back.
function toggle(decision) {
  if (!chosen) return;
  const before = decisionOn(chosen, queue);
  const now = before && before.decision === decision ? '' : decision;
  const focused = document.activeElement && document.activeElement.closest('.decide');
  decideHere(chosen, {decision: now});
  if (focused) document.querySelector('#claim .decide .' + decision).focus();
  find('live').textContent = chosen.id + ' ' + (now ? decisionMark[now][1] : 'not decided');
}

function diagnosisList(claim) {
  return make('section', '', {}, make('h3', '', {}, 'Diagnoses'),
    make('ol', 'diagnoses', {}, ...claim.diagnoses.map((code) => make('li', '', {},
      codeNode(code)))));
}

function claimTitle(claim) {
  const index = shown.indexOf(claim);
  const step = (by, words, sign) => make('button', 'step', {'aria-label': words,
    disabled: shown[index + by] ? null : '', onclick: () => { move(by); find('claim').focus(); }},
  sign);
  return make('div', 'claimtitle', {},
    make('button', 'back', {onclick: closeClaim}, '‹ List'),
    make('h2', '', {}, quoted(claim.id)),
    step(-1, 'The claim before', '←'), step(1, 'The next claim', '→'));
}

function showClaim() {
  const claim = chosen, section = find('claim');
  section.scrollTop = 0;
  if (!claim) {
    section.replaceChildren(make('p', 'empty', {}, 'No claim passes the filters.'));
    return;
  }
  section.setAttribute('aria-label', 'Claim ' + claim.id);
  const about = [claim.type === undefined ? '' : data.words[claim.type], claim.date,
    data.words[claim.specialty]].filter(Boolean).join(' · ');
  section.replaceChildren(
    claimTitle(claim),
    make('p', 'about', {}, quoted(about), claim.member ? ' · member ' : '',
      quoted(claim.member)),
    decisionForm(claim),
    make('dl', 'facts', {},
      fact('Score', scoreText(claim.score)),
      fact('As unusual', normalText(claim.score), make('small', '', {}, ' of normal claims')),
      fact('Rank', claim.rank ? countText(claim.rank) : '–'),
      fact('At stake', moneyText(stakeOf(claim))),
      fact('Charge', moneyText(claim.charge))),
    ...[
      claim.findings ? findingsList(claim) : null,
      make('section', '', {}, make('h3', '', {}, 'Lines'), linesTable(claim), linesLegend(claim)),
      make('section', '', {}, make('h3', '', {}, 'In what it is unusual'), kindTable(claim)),
      claim.like === undefined ? null : histogram(claim),
      whereItLooked(claim),
      claim.diagnoses ? diagnosisList(claim) : null,
      claim.clauses ? clauseList(claim) : null,
      claim.place ? make('p', 'place', {}, 'In the input: ', quoted(claim.place)) : null,
    ].filter(Boolean));
}
