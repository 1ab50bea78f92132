// Keys, and what happens when the page opens.

const narrow = window.matchMedia('(max-width: 899px)');

// On a phone the claim lies over the list.
function openClaim() {
  if (!chosen) return;
  document.body.classList.add('open');
  find('claim').focus({preventScroll: true});
}

function closeClaim() {
  document.body.classList.remove('open');
  find('list').focus({preventScroll: true});
}

function setQueue(name) {
  queue = name;
  find('order').value = defaultOrder[name];
  find('list').setAttribute('aria-label', 'Claims, queue ' + name);
  updateList();
}

const page = () => Math.max(1, Math.floor(scroller.clientHeight / rowHeight) - 1);
// Keys of the list; those of the page work wherever nobody writes.
const listKeys = {
  ArrowDown: () => move(1), ArrowUp: () => move(-1),
  PageDown: () => move(page()), PageUp: () => move(-page()),
  Home: () => move(-Infinity), End: () => move(Infinity),
  Enter: openClaim,
};
const claimKeys = {
  ArrowLeft: () => move(-1), ArrowRight: () => move(1),
};
const pageKeys = {
  a: () => toggle('accept'), d: () => toggle('dismiss'),
  n: () => {
    if (!chosen) return;
    if (narrow.matches) openClaim();
    find('note').focus();
  },
  '/': () => { find('search').focus(); find('search').select(); },
  '?': () => find('help').showModal(),
  Escape: closeClaim,
};

function keyPressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || find('help').open) return;
  const at = event.target;
  if (at.id === 'note' && (event.key === 'Escape' || event.key === 'Enter' && !event.shiftKey)) {
    event.preventDefault();
    at.blur();  // keeps the note
    (document.body.classList.contains('open') ? find('claim') : find('list')).focus();
    return;
  }
  if (at.id === 'search' && (event.key === 'ArrowDown' || event.key === 'Enter')) {
    event.preventDefault();
    find('list').focus();
    return;
  }
  if (at.matches('input, textarea, select')) return;
  const inClaim = find('claim').contains(at), presses = at.matches('button, summary');
  if (presses && event.key === 'Enter') return;
  const tab = at.getAttribute('role') === 'tab' && /^Arrow(Left|Right)$/.test(event.key);
  const action = tab ? () => {
    setQueue(queue === 'rules' ? 'unusual' : 'rules');
    find('tab-' + queue).focus();
  } : (inClaim ? claimKeys : listKeys)[event.key] || pageKeys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function tellAbout() {
  const days = data.from && data.to ? data.from + ' to ' + data.to : '';
  find('about').append(...[
    make('span', '', {}, counted(data.scored, 'claim', 'claims') + ' scored, ' +
      countText(data.claims.length) + ' listed' + (rankedBy ? ', ranked by ' + rankedBy : '') +
      (data.refused ? ', ' + countText(data.refused) + ' not readable' : '')),
    days ? make('span', '', {}, days) : null,
    make('span', 'model', {title: 'hash of the model ' + data.modelHash}, 'model ',
      quoted(data.model), ' ', quoted(data.modelHash.slice(0, 12), 'hash')),
  ].filter(Boolean));
  for (const [name, words] of data.kinds) {
    if (words) find('kinds').append(make('dt', '', {}, name), make('dd', '', {}, quoted(words)));
  }
}

function start() {
  loadDecisions();
  keepDecisions();
  tellAbout();
  makeHead();
  document.addEventListener('keydown', keyPressed);
  for (const name of ['unusual', 'rules']) {
    find('tab-' + name).addEventListener('click', () => setQueue(name));
  }
  for (const id of ['search', 'kind', 'least', 'decided', 'order']) {
    find(id).addEventListener('input', updateList);
  }
  find('by').addEventListener('change', keepDecisions);
  find('save').addEventListener('click', saveDecisions);
  find('ask').addEventListener('click', () => find('help').showModal());
  scroller.addEventListener('scroll', () => showRows(), {passive: true});
  window.addEventListener('resize', () => showRows());
  window.addEventListener('beforeprint', () => showRows(true));
  window.addEventListener('afterprint', () => showRows());
  const arrange = () => { find('filters').open = !narrow.matches; };
  narrow.addEventListener('change', arrange);
  arrange();
  setQueue(inQueue.unusual.length || !inQueue.rules.length ? 'unusual' : 'rules');
  find('list').focus({preventScroll: true});
}

start();
