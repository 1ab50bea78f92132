// The lines of a claim: how the score changes without each, what would be expected in its place,
// and where the network looked from it.

// A bar from the middle: to the left, the score is lower without the line.
function changeBar(change, widest) {
  const length = 50 * clamp(Math.abs(change) / widest, 0, 1);
  return make('span', 'change ' + (change < 0 ? 'lower' : 'higher'), {'aria-hidden': 'true'},
    make('i', '', {style: 'width:' + length + '%;' +
      (change < 0 ? 'right:50%' : 'left:50%')}));
}

// The line whose absence lowers the score most; −1 if none does.
function evidenceLine(claim) {
  let best = -1;
  (claim.lines || []).forEach((line, i) => {
    if (line.change < (best < 0 ? 0 : claim.lines[best].change)) best = i;
  });
  return best;
}

// The sentences below a line.
function lineNotes(claim, line) {
  const notes = [];
  if (line.expected) {
    const [code, probability, score] = line.expected;
    notes.push(make('p', '', {}, code === line.code ? 'Expected here: this code, ' :
      make('span', '', {}, 'Expected here: ', codeNode(code), ', '),
    'probability ' + shareText(probability) +
      (code === line.code ? '.' : '; with it the score would be ' + scoreText(score) + '.')));
  }
  if (line.similarCount) {
    const ids = line.similar || [];
    const seen = counted(line.similarCount, 'similar claim was seen', 'similar claims were seen');
    if (!ids.length) {
      notes.push(make('p', '', {}, seen + '.'));
    } else {
      const more = line.similarCount > ids.length ? ', and others' : '';
      notes.push(make('details', '', {}, make('summary', '', {}, seen),
        make('p', 'ids', {}, ...ids.flatMap((id, i) => [i ? ', ' : '', quoted(id)]), more)));
    }
  } else if (line.similarCount === 0) {
    notes.push(make('p', '', {}, 'No similar claim was seen.'));
  }
  if (line.place) notes.push(make('p', 'place', {}, quoted(line.place)));
  return notes;
}

const hasChanges = (claim) => (claim.lines || []).some((line) => line.change !== undefined);

// What the bars mean; or where there is more about this claim.
function linesLegend(claim) {
  if (hasChanges(claim)) {
    return make('p', 'legend', {},
      make('span', '', {}, make('i', 'lower'), 'lower without it: the line makes it unusual'),
      make('span', '', {}, make('i', 'higher'), 'higher without it'));
  }
  const isExplained = (claim.lines || []).some((line) => line.expected);
  return isExplained ? '' : make('p', '', {}, 'What speaks for and against each line was ' +
    'calculated for the first ranks alone. For this claim: ',
  make('code', '', {}, 'clearhead claims explain ', quoted(claim.id)));
}

function linesTable(claim) {
  const lines = claim.lines || [], evidence = evidenceLine(claim);
  const widest = Math.max(1e-9, ...lines.map((line) => Math.abs(line.change || 0)));
  const columns = [['', '#'], ['', 'code'], ['number', 'units'], ['number', 'charge'],
    ['effect', hasChanges(claim) ? 'change of score without it' : '']];
  const table = make('table', 'lines', {}, make('thead', '', {}, make('tr', '', {},
    ...columns.map(([cssClass, words]) => make('th', cssClass, {scope: 'col'}, words)))));
  lines.forEach((line, i) => {
    const change = line.change === undefined ? [] :
      [make('b', '', {}, signedText(line.change)), changeBar(line.change, widest)];
    const body = make('tbody', i === evidence ? 'evidence' : '', {},
      make('tr', '', {},
        make('th', '', {scope: 'row'}, String(line.number)),
        make('td', '', {}, codeNode(line.code), ' ',
          i === evidence ? make('span', 'tagged', {}, 'moves the score most') : ''),
        make('td', 'number', {}, line.units === undefined ? '–' : String(line.units)),
        make('td', 'number', {}, moneyText(line.charge)),
        make('td', 'effect', {}, ...change)),
      make('tr', 'notes', {}, make('td', '', {}),
        make('td', '', {colspan: '4'}, ...lineNotes(claim, line))));
    table.append(body);
  });
  return table;
}

// Words in which codes, with their systems, are followed by what they mean: "ICD-10-CM I10
// (Essential hypertension)".
const textOfCode = new Map(data.codes.map(([system, value, text]) => [system + ' ' + value, text]));
function withTexts(words) {
  let before = '';
  return words.split(' ').map((word) => {
    const [, value, sign] = word.match(/^(.*?)([,:;]?)$/);
    const text = textOfCode.get(before + ' ' + value);
    before = value;
    return text ? value + ' (' + text + ')' + sign : word;
  }).join(' ');
}

// Attention from one line, strongest first. It begins with the line that moves the score most.
function whereItLooked(claim) {
  const from = (claim.lines || []).filter((line) => line.looks);
  if (!from.length) return null;
  const lists = make('div', '', {});
  const evidence = evidenceLine(claim);
  // The weights within the claim sum up to 1, and so do those to the history.
  const listOf = (title, looks) => looks.length ? [make('h4', '', {}, title),
    make('ol', 'looks', {}, ...looks.sort((a, b) => b[1] - a[1]).map(([text, weight]) =>
      make('li', '', {}, make('span', 'weight', {}, shareText(weight)),
        make('span', 'meter', {'aria-hidden': 'true'},
          make('i', '', {style: 'width:' + clamp(100 * weight, 0, 100) + '%'})),
        quoted(withTexts(data.words[text])))))] : [];
  const show = (line) => lists.replaceChildren(
    ...listOf('In the claim', line.looks.filter((look) => !look[2])),
    ...listOf('In what the member had before', line.looks.filter((look) => look[2])));
  const choice = make('select', '', {onchange: () => show(claim.lines[choice.value])},
    ...from.map((line) => make('option', '', {value: claim.lines.indexOf(line)},
      'line ' + line.number + ', ' + codeName(line.code))));
  if (evidence >= 0 && claim.lines[evidence].looks) choice.value = evidence;
  show(claim.lines[choice.value]);
  return make('section', '', {}, make('h3', '', {}, 'Where it looked'),
    make('p', '', {}, 'Weights of attention: what the network read most while the line was ' +
      'hidden. They are no reason for the score; the changes of the score above are measured.'),
    make('label', '', {}, 'From ', choice), lists);
}
