// What is known of a part, and the box that shows it.

const SVG = 'http://www.w3.org/2000/svg';

function element(name, attributes, ...children) {
  const made = name.startsWith('svg:') ? document.createElementNS(SVG, name.slice(4)) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// 3.79M, 2.00G, of a range both ends.
function brief(cost) {
  if (Array.isArray(cost)) return cost.map(brief).join('–');
  if (cost < 1000) return String(cost);
  for (const [unit, size] of [['P', 1e15], ['T', 1e12], ['G', 1e9], ['M', 1e6], ['K', 1e3]]) {
    if (cost >= 0.9995 * size && cost < 999.5 * size) return (cost / size).toPrecision(3) + unit;
  }
  return cost.toExponential(2).replace('e+', 'e');
}

function full(cost) {
  const one = (n) => n.toString().replace(/\B(?=(\d{3})+$)/g, ',');
  return Array.isArray(cost) ? cost.map(one).join(' to ') : one(cost);
}

// The tables of the page as trees of parts with their paths.
function read(data) {
  return data.graphs.map((graph) => {
    const nodes = [];
    graph.nodes.forEach(([parent, name, what, family, shape, params, macs, facts, line, deciders], id) => {
      const above = parent < 0 ? null : nodes[parent];
      const text = data.texts[name];
      const node = {
        id, parent: above, children: [], family, params, macs, deciders: deciders.map((text) => data.texts[text]),  // the open choices that decide it
        name: text, what: data.texts[what], shape: data.texts[shape],
        facts: facts.map((fact) => data.texts[fact]),
        path: above && above.path ? `${above.path}.${text}` : above ? text : '',
        depth: above ? above.depth + 1 : 0,
        line: line < 0 ? null : { file: data.texts[data.lines[line][0]], number: data.lines[line][1], text: data.texts[data.lines[line][2]] },
      };
      if (above) above.children.push(node);
      nodes.push(node);
    });
    nodes[0].name = graph.name;
    const at = new Map();
    for (const node of nodes) at.set(node.path, [...(at.get(node.path) ?? []), node]);
    return { name: graph.name, cut: graph.cut, nodes, at, flows: graph.flows };  // `at` has a list: unnamed layers share a path
  });
}

// Rows [word, text] about a part; of two parts of one path, what was and what is now where they differ.
function rowsOf(nodes) {
  const rows = [];
  const add = (word, say) => {
    const texts = [...new Set(nodes.map((node) => say(node) || 'none'))];
    if (texts.length > 1 || texts[0] !== 'none') rows.push([word, texts.join(' → ')]);
  };
  add('shape', (node) => node.shape);
  add('params', (node) => full(node.params));
  add('MACs', (node) => full(node.macs));
  add('depends on', (node) => node.deciders.join('; '));
  for (const fact of new Set(nodes.flatMap((node) => node.facts))) {
    const [, name, sign, value] = fact.match(/^(.*?) ([=~]) (.*)$/) ?? [null, 'choice', '', fact];
    rows.push([name, sign === '~' ? `one of ${value}` : value]);
  }
  return rows;
}

// The floating box. It follows the pointer or the focus, and says the same to screen readers.
function factsBox(box, edits) {
  const touching = (path) => edits.filter(([, before, after]) => [...before, ...after].some((p) => p === path || p.startsWith(`${path}.`) || p.startsWith(`${path}[`)));

  function content(path, note, nodes) {
    const parts = [element('strong', {}, path)];
    const kinds = [...new Set(nodes.map((node) => node.what).filter(Boolean))];
    if (kinds.length) parts.push(element('div', {}, kinds.join(' → ')));
    const rows = rowsOf(nodes);
    if (!nodes.length && note) rows.push(...note.split('\n').filter((line) => line !== path).map((line) => ['', line]));
    const list = element('dl');
    for (const [word, text] of rows) list.append(element('dt', {}, word), element('dd', {}, text));
    const places = new Map(nodes.filter((node) => node.line).map((node) => [`${node.line.file}:${node.line.number}`, node.line.text]));
    for (const [place, text] of places) list.append(element('dt', {}, 'source'), element('dd', {}, place, element('code', {}, text)));
    const changes = touching(path);
    for (const [line] of changes.slice(0, 4)) list.append(element('dt', {}, 'differs'), element('dd', {}, line));
    if (changes.length > 4) list.append(element('dt', {}, ''), element('dd', {}, `and ${changes.length - 4} more`));
    return [...parts, list];
  }
  function show(target, near) {
    const path = target.dataset.path;
    box.replaceChildren(...content(path, target.note, target.nodes));
    box.hidden = false;
    const at = near ?? target.getBoundingClientRect();
    const { width, height } = box.getBoundingClientRect();
    const below = near ? at.y + 16 : at.bottom + 6;
    const x = Math.min(near ? at.x + 12 : at.left, innerWidth - width - 8);
    const y = below + height > innerHeight - 8 ? (near ? at.y : at.top) - height - 8 : below;
    box.style.left = `${Math.max(8, x)}px`;
    box.style.top = `${Math.max(8, y)}px`;
  }
  return { show, hide() { box.hidden = true; } };
}

// One line about a part, for those who listen.
function spoken(path, nodes, note) {
  if (!nodes.length) return (note || path).split('\n').join(', ');
  return [path, nodes[0].what, ...rowsOf(nodes).map(([word, text]) => `${word} ${text}`)].filter(Boolean).join(', ');
}
