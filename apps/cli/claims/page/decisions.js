// What people decide. It is kept in the browser where that is allowed, and becomes a file only when
// they save it. A decision belongs to a claim and a queue.

const claimOf = new Map(data.claims.map((claim) => [claim.id, claim]));
const decisions = new Map();  // keyOf → {claim, queue, decision, note, date, by}
const storageName = 'clearhead claims ' + data.dataHash;
let keeps = true;     // whether the browser keeps them
let unsaved = 0;      // decisions since they were saved or loaded

const keyOf = (id, queue) => queue + ' ' + id;
const decisionOn = (claim, queue) => decisions.get(keyOf(claim.id, queue)) || null;

function loadDecisions() {
  for (const claim of data.claims) {
    for (const [queue, decision, note, date, by] of claim.decisions || []) {
      decisions.set(keyOf(claim.id, queue), {claim: claim.id, queue, decision, note, date, by});
    }
  }
  try {
    const kept = JSON.parse(localStorage.getItem(storageName)) || {list: [], by: ''};
    for (const entry of kept.list) {
      const before = decisions.get(keyOf(entry.claim, entry.queue));
      if (!claimOf.has(entry.claim) || before && before.date > entry.date) continue;
      decisions.set(keyOf(entry.claim, entry.queue), entry);
    }
    find('by').value = kept.by;
    unsaved = kept.unsaved || 0;
  } catch (refused) {
    keeps = false;
  }
  find('kept').textContent = keeps ?
    'Decisions stay in this browser until you save them as a file; nothing is sent anywhere.' :
    'This browser keeps nothing of this page: save your decisions before you close it.';
}

function keepDecisions() {
  try {
    localStorage.setItem(storageName,
      JSON.stringify({list: [...decisions.values()], by: find('by').value, unsaved}));
  } catch (refused) {
    keeps = false;
  }
  find('save').dataset.unsaved = unsaved || '';
  find('save').setAttribute('aria-label', 'Save decisions' +
    (unsaved ? ', ' + unsaved + ' not saved yet' : ''));
}

function today() {
  const now = new Date(), two = (n) => String(n).padStart(2, '0');
  return now.getFullYear() + '-' + two(now.getMonth() + 1) + '-' + two(now.getDate());
}

// Changes what is decided; an empty decision without a note takes it back, which is kept too so
// that an older one does not return.
function decide(claim, queue, change) {
  const before = decisionOn(claim, queue) || {decision: '', note: ''};
  decisions.set(keyOf(claim.id, queue), {claim: claim.id, queue, decision: before.decision,
    note: before.note, ...change, date: today(), by: find('by').value.trim()});
  unsaved++;
  keepDecisions();
}

const csvField = (text) => /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;

// The file: a line for each claim and queue with a decision or a note, in the order of the claims.
function decisionsCsv() {
  const lines = [['claim', 'queue', 'decision', 'note', 'date', 'by']];
  for (const claim of data.claims) {
    for (const queue of ['unusual', 'rules']) {
      const d = decisionOn(claim, queue);
      if (d && (d.decision || d.note)) {
        lines.push([d.claim, d.queue, d.decision, d.note.replace(/\s+/g, ' '), d.date, d.by]);
      }
    }
  }
  return lines.map((line) => line.map(csvField).join(',') + '\n').join('');
}

function saveDecisions() {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([decisionsCsv()], {type: 'text/csv'}));
  link.download = 'decisions.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  unsaved = 0;
  keepDecisions();
}

window.addEventListener('beforeunload', (event) => {
  if (unsaved && !keeps) event.preventDefault();
});
