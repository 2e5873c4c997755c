// The page: which picture is seen, the keys, the search, the colours. Without this script the picture stands as it is.

const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId('data').textContent);
const graphs = read(data);
const stage = byId('stage');
const picture = stage.querySelector('svg');
const facts = factsBox(byId('facts'), data.edits);
// The signs of a difference at the parts of one of its sides, and of those around them.
function signsOf(graph, side) {
  const signs = new Map();
  for (const [line, before, after] of data.edits) {
    for (const path of side ? after : before) {
      for (const node of graph.at.get(path) ?? []) {
        signs.set(path, line[0] === '-' ? '−' : line[0]);
        for (let around = node.parent; around?.parent; around = around.parent) if (!signs.has(around.path)) signs.set(around.path, '~');
      }
    }
  }
  return signs;
}
const structures = graphs.map((graph, side) => {
  const svg = element('svg:svg', {
    role: 'tree', 'aria-label': `Structure of ${graph.name}`, xmlns: SVG, 'font-family': FACE, width: 1, height: 1,
  });
  svg.toggleAttribute('hidden', true);
  stage.append(svg);
  return structure(graph, svg, signsOf(graph, side));
});
let shown = null;  // a structure, or null for the picture
let current = null;  // the box that Tab leads to
document.documentElement.classList.add('live');
byId('bar').hidden = false;
picture.id = 'picture';
const view = camera(stage);

// The picture's boxes become buttons that lead to the structure.
picture.setAttribute('role', 'group');
picture.setAttribute('aria-label', picture.querySelector('title')?.textContent ?? '');
for (const hint of picture.querySelectorAll(':scope > title, :scope > desc')) hint.remove();
const boxes = [...picture.querySelectorAll('[data-path]')];
const drawnAt = new Map();
for (const box of boxes) drawnAt.set(box.dataset.path, [...(drawnAt.get(box.dataset.path) ?? []), box]);
// The parts that a box stands for: one of each graph. Unnamed layers that share a path are told apart by their order, if all
// are drawn; if not, the box says no more than its own note.
function partsOf(box) {
  const path = box.dataset.path, found = graphs.map((graph) => graph.at.get(path) ?? []);
  if (found.every((nodes) => nodes.length <= 1)) return found.flat();
  const drawn = drawnAt.get(path);
  return graphs.length === 1 && drawn.length === found[0].length ? [found[0][drawn.indexOf(box)]] : [];
}
for (const box of boxes) {
  box.nodes = partsOf(box);
  const hint = box.querySelector('title');
  box.note = hint?.textContent ?? '';
  hint?.remove();
  box.setAttribute('tabindex', '-1');
  box.setAttribute('role', graphs.length ? 'button' : 'img');
  box.setAttribute('aria-label', spoken(box.dataset.path, box.nodes, box.note));
}
for (const plate of picture.querySelectorAll('rect:not([data-path])')) {
  const hint = plate.querySelector('title');
  if (!hint) plate.setAttribute('pointer-events', 'none');
}
const things = () => (shown ? shown.shapes() : boxes);

function makeCurrent(box) {
  current?.setAttribute('tabindex', '-1');
  current = box ?? things()[0] ?? null;
  current?.setAttribute('tabindex', '0');
}
function focusOn(box) {
  if (!box) return;
  makeCurrent(box);
  box.focus({ preventScroll: true });
  view.reveal(box);
}

// Which picture.
const tabs = [[null, 'Picture'], ...structures.map((one) => [one, structures.length > 1 ? `Structure of ${one.graph.name}` : 'Structure'])];
if (structures.length === 2 && graphs[0].name === graphs[1].name) {
  tabs[1][1] = 'Structure before';
  tabs[2][1] = 'Structure after';
}
const buttons = tabs.map(([one, name]) => {
  const button = element('button', { type: 'button', 'aria-pressed': 'false' }, name);
  button.addEventListener('click', () => look(one));
  byId('views').append(button);
  return button;
});
byId('views').hidden = tabs.length === 1;
function look(one) {
  shown = one;
  facts.hide();
  buttons.forEach((button, i) => button.setAttribute('aria-pressed', String(tabs[i][0] === one)));
  picture.toggleAttribute('hidden', one !== null);
  for (const other of structures) other.svg.toggleAttribute('hidden', other !== one);
  byId('blocks').hidden = one === null;
  if (one && !one.shapes().length) one.draw();
  view.show(one ? one.svg : picture);
  makeCurrent(null);
  find(false);
}
function redraw(keep) {
  const before = keep && shown.shapeOf(keep) ? view.place(shown.shapeOf(keep)) : null;
  const hadFocus = stage.contains(document.activeElement);
  shown.draw();
  const box = keep && shown.shapeOf(keep);
  if (before && box) {
    const after = view.place(box);
    view.shift(before.x - after.x, before.y - after.y);
  }
  makeCurrent(box);
  if (hadFocus) current?.focus({ preventScroll: true });
  mark();
}
function toggle(node) {
  if (!shown.toggle(node)) return;
  facts.hide();
  redraw(node);
}
function showInStructure(box) {
  const one = structures.find(({ graph }) => graph.at.has(box.dataset.path));
  if (!one) return;
  const node = box.nodes[0] ?? one.graph.at.get(box.dataset.path)[0];
  one.openTo(node);
  one.draw();
  look(one);
  const shape = one.shapeOf(node);
  focusOn(shape);
  view.centre(shape);
}
byId('open-all').addEventListener('click', () => {
  const all = shown.openAll();
  redraw(null);
  view.start();
  say(all ? 'all blocks expanded' : 'as many blocks expanded as stay readable');
});
byId('close-all').addEventListener('click', () => {
  shown.closeAll();
  redraw(null);
  view.start();
});

// Pointing and keys.
stage.addEventListener('click', (event) => {
  const box = event.target.closest('[data-path]');
  if (!box) return;
  makeCurrent(box);
  if (shown) toggle(box.node); else showInStructure(box);
});
stage.addEventListener('pointermove', (event) => {
  const box = event.buttons ? null : event.target.closest?.('[data-path]');
  if (box) facts.show(box, { x: event.clientX, y: event.clientY }); else facts.hide();
});
stage.addEventListener('pointerleave', () => facts.hide());
stage.addEventListener('focusin', (event) => {
  const box = event.target.closest('[data-path]');
  if (!box) return;
  makeCurrent(box);
  if (!box.matches(':focus-visible')) return;
  view.reveal(box);
  facts.show(box);
  box.setAttribute('aria-describedby', 'facts');
});
stage.addEventListener('focusout', (event) => {
  event.target.removeAttribute?.('aria-describedby');
  facts.hide();
});
function nearest(box, dx, dy) {
  const centre = (one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  };
  const [x, y] = centre(box);
  let best = null, least = Infinity;
  for (const other of things()) {
    if (other === box) continue;
    const [ox, oy] = centre(other);
    const along = (ox - x) * dx + (oy - y) * dy, across = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    if (along > 1 && along + 2 * across < least) {
      least = along + 2 * across;
      best = other;
    }
  }
  return best;
}
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
function step(box, key) {
  const all = things(), i = all.indexOf(box);
  if (key === 'Home') return all[0];
  if (key === 'End') return all[all.length - 1];
  if (!shown) return nearest(box, ...ARROWS[key]);
  const { node } = box;
  if (key === 'ArrowDown') return all[i + 1];
  if (key === 'ArrowUp') return all[i - 1];
  if (key === 'ArrowLeft') {
    if (node.parent && shown.isOpen(node)) toggle(node);
    else return shown.shapeOf(node.parent);
  } else if (node.children.length) {
    if (!shown.isOpen(node)) toggle(node);
    else return shown.shapeOf(node.children[0]);
  }
  return null;
}
stage.addEventListener('keydown', (event) => {
  const box = event.target.closest('[data-path]');
  if (!box || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in ARROWS || event.key === 'Home' || event.key === 'End') {
    event.preventDefault();
    focusOn(step(box, event.key));
  } else if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault();
    if (shown) toggle(box.node); else showInStructure(box);
  }
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    facts.hide();
    byId('help').open = false;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input')) return;
  if (event.key === '/') {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === '+' || event.key === '=') view.zoom(true);
  else if (event.key === '-') view.zoom(false);
  else if (event.key === '0') view.fit();
});
byId('in').addEventListener('click', () => view.zoom(true));
byId('out').addEventListener('click', () => view.zoom(false));
byId('fit').addEventListener('click', () => view.fit());

// Search: every word has to occur in the path.
const search = byId('search');
let hits = [], hit = -1;
const say = (text) => { byId('found').textContent = text; };
// Collects the matches; `moves` to the first.
function find(moves) {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (path) => words.length > 0 && words.every((word) => path.toLowerCase().includes(word));
  const nodes = (shown ? [shown.graph] : graphs).flatMap((graph) => graph.nodes.slice(1).filter((node) => matches(node.path)));
  if (shown) hits = nodes.map((node) => ({ path: node.path, node }));
  else {
    const own = boxes.filter((box) => matches(box.dataset.path)).map((box) => ({ path: box.dataset.path, box }));
    const inner = [...new Set(nodes.map((node) => node.path))].filter((path) => !drawnAt.has(path)).map((path) => ({ path, box: boxAround(path) }));
    hits = [...own, ...inner];
  }
  hits.sort((a, b) => a.path.length - b.path.length);
  hit = hits.length ? 0 : -1;
  say(words.length ? (hits.length ? '' : 'no match') : '');
  if (hits.length && moves) go(); else mark();
}
// In the picture, the innermost box around a part that has none.
function boxAround(path) {
  const around = boxes.filter((box) => path.startsWith(`${box.dataset.path}.`) || path.startsWith(`${box.dataset.path}[`));
  return around.sort((a, b) => b.dataset.path.length - a.dataset.path.length)[0];
}
const boxOf = ({ node, box }) => (node ? shown.shapeOf(node) : box);
function go() {
  const one = hits[hit];
  if (one.node && !boxOf(one)) {
    shown.openTo(one.node);
    redraw(null);
  }
  const box = boxOf(one);
  say(`${hit + 1} of ${hits.length}: ${one.path}${box ? '' : ', seen in the structure only'}`);
  mark();
  if (!box) return;
  makeCurrent(box);
  view.centre(box);
}
function mark() {
  for (const old of stage.querySelectorAll('.found')) old.classList.remove('found');
  if (hit >= 0) boxOf(hits[hit])?.classList.add('found');
}
function next(by) {
  if (!hits.length) return;
  hit = (hit + by + hits.length) % hits.length;
  go();
}
search.addEventListener('input', () => find(true));
search.addEventListener('keydown', (event) => {
  if (event.key === 'Enter') next(event.shiftKey ? -1 : 1);
  if (event.key === 'Escape') {
    search.value = '';
    find(true);
  }
});
byId('before').addEventListener('click', () => next(-1));
byId('after').addEventListener('click', () => next(1));

// Differences: a click shows where.
for (const item of document.querySelectorAll('[data-edit]')) {
  const edit = data.edits[Number(item.dataset.edit)];
  if (!edit) continue;
  const button = element('button', { type: 'button' }, item.textContent);
  button.addEventListener('click', () => {
    if (shown) look(null);
    const paths = [...new Set([...edit[1], ...edit[2]])];
    hits = paths.flatMap((path) => (drawnAt.get(path) ?? [boxAround(path)]).filter(Boolean).map((box) => ({ path, box })));
    hit = hits.length ? 0 : -1;
    if (hits.length) go(); else say('not in the picture');
  });
  item.replaceChildren(button);
}

// Colours: as the system says until the button is pressed.
const dark = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark';
const tell = () => byId('theme').setAttribute('aria-pressed', String(isDark()));
byId('theme').addEventListener('click', () => {
  document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
  tell();
});
dark.addEventListener('change', tell);
tell();
for (const { cut, name } of graphs) if (cut) say(`${name} is told to depth ${cut}`);
look(null);
