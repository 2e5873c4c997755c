// The instance tree of one graph as boxes in boxes: what is expanded shows its parts and what flows between them.

const FILLS = ['var(--paper)', '#56B4E9', '#E69F00', '#009E73', '#F0E442', 'var(--faint)'];
const SIGNS = { '+': 'var(--added)', '−': 'var(--different)', '>': 'var(--soft)' };  // the others: changed
const FIXED = '#1a1a1a';  // ink on the colours, which stay in the dark
const PAD = 12, TITLE = 24, MOST_BOXES = 600, OPENING = 40;
const FACE = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

// `svg` is filled by `draw()`; `signs` are those of the parts that a difference touches, by path.
function structure(graph, svg, signs) {
  const root = graph.nodes[0];
  const expanded = new Set([root]);
  const ruler = document.createElement('canvas').getContext('2d');
  const widths = new Map();
  let shapes = [];

  function width(text, size, bold) {
    const key = `${bold ? 'b' : ''}${size} ${text}`;
    if (!widths.has(key)) {
      ruler.font = `${bold ? 'bold ' : ''}${size}px ${FACE}`;
      widths.set(key, ruler.measureText(text).width);
    }
    return widths.get(key);
  }
  const shortened = (text) => (text.length > 34 ? `${text.slice(0, 33)}…` : text);
  function lines(node) {
    const isLeaf = !node.children.length;
    const said = [[shortened(node.name), 11, true]];
    const first = node.what.split(/[ ,]/)[0].toLowerCase();
    if (isLeaf && node.what && (node.name === first || node.name === node.what.replaceAll(' ', '_').toLowerCase() || !node.params && node.name.startsWith(first))) said[0][0] = shortened(node.what);
    else if (says(node)) said.push([shortened(node.what), 9.5, false]);
    const plain = isLeaf && !node.family && !Math.max(...[node.params].flat(), ...[node.macs].flat());
    if (plain) return [...said, ...node.deciders.map((text) => [shortened(text), 9, false])];
    if (node.shape) said.push([shortened(node.shape), 9, false]);
    const costs = [[node.params, 'params'], [node.macs, 'MACs']].filter(([cost]) => Math.max(...[cost].flat()) > 0);
    said.push(...node.deciders.map((text) => [shortened(text), 9, false]));
    if (costs.length) said.push([costs.map(([cost, word]) => `${brief(cost)} ${word}`).join(' · '), 9, false]);
    return said;
  }
  // Whether the kind of a part says more than its name does.
  const says = (node) => node.what && node.what !== node.name.replace(/\[.*/, '');
  const isOpen = (node) => node.children.length > 0 && expanded.has(node);
  // The outermost collapsed part around a node, or the node.
  function seen(node) {
    const chain = [];
    for (let here = node; here; here = here.parent) chain.push(here);
    return chain.reverse().find((here) => !isOpen(here)) ?? node;
  }

  // What flows inside each expanded part: between its parts, from its upper edge, to its lower edge.
  function flowsInside() {
    const inside = new Map();
    const add = (at, from, to, fromPort, toPort) => {
      const key = `${from === null ? '' : from.id}>${to === null ? '' : to.id}>${fromPort}>${toPort}`;
      if (!inside.has(at)) inside.set(at, new Map());
      inside.get(at).set(key, { from, to, fromPort, toPort });
    };
    for (const [source, ...targets] of graph.flows) {
      const a = seen(graph.nodes[source]);
      for (const target of targets) {
        const b = seen(graph.nodes[target]);
        if (a === b) continue;
        const above = [];
        for (let here = a; here; here = here.parent) above.push(here);
        let to = b;
        while (!above.includes(to.parent)) {
          add(to.parent, null, to, a.id, a.id);
          to = to.parent;
        }
        const meeting = to.parent;
        let from = a;
        while (from.parent !== meeting) {
          add(from.parent, from, null, a.id, a.id);
          from = from.parent;
        }
        add(meeting, from, to, a.id, a.id);
      }
    }
    return inside;
  }

  // The size of a part, and of an expanded one the places of its parts relative to its upper left corner.
  function measured(node, inside) {
    if (!isOpen(node)) {
      const said = lines(node);
      const marker = node.children.length ? 18 : 0;
      const w = Math.max(40, ...said.map(([text, size, bold], i) => width(text, size, bold) + (i ? 0 : 2 * marker))) + 16;
      return { node, said, w, h: said.reduce((sum, [, size]) => sum + size * 1.35, 0) + 12 };
    }
    const parts = node.children.map((child) => measured(child, inside));
    const index = new Map(parts.map((part, i) => [part.node, i]));
    const flows = [...(inside.get(node)?.values() ?? [])];
    const cells = parts.map((part) => ({ w: part.w, h: part.h }));
    const ports = new Map();
    const port = (key, pin) => {
      const name = `${pin}:${key}`;
      if (!ports.has(name)) {
        ports.set(name, cells.length);
        cells.push({ w: 6, h: 0, pin });
      }
      return ports.get(name);
    };
    const edges = flows.map((flow) => [
      flow.from === null ? port(flow.fromPort, -1) : index.get(flow.from),
      flow.to === null ? port(flow.toPort, 1) : index.get(flow.to),
    ]);
    const { width: inner, height, points } = layered(cells, edges);
    const title = width(node.name, 11, true) + (says(node) ? width(node.what, 9.5) + 8 : 0) + 26;
    const entries = [...ports].filter(([name]) => name.startsWith('-1')).map(([, i]) => cells[i].x);
    const leftmost = Math.min(...entries, Infinity);
    const side = Math.max(PAD, leftmost < Infinity ? title + 12 - leftmost : PAD);
    const placed = { node, parts, title, w: Math.max(inner + side + PAD, title + 2 * PAD), h: height + TITLE + PAD };
    const hasIn = entries.length > 0, hasOut = [...ports.keys()].some((name) => name.startsWith('1'));
    const top = hasIn ? TITLE - 10 : TITLE;
    placed.h = top + height + (hasOut ? 0 : PAD);
    parts.forEach((part, i) => {
      part.x = cells[i].x + side - part.w / 2;
      part.y = cells[i].y + top;
    });
    placed.enter = new Map();
    placed.leave = new Map();
    for (const [name, i] of ports) {
      const [pin, key] = name.split(':');
      (pin === '-1' ? placed.enter : placed.leave).set(Number(key), cells[i].x + side);
    }
    placed.edges = flows.map((flow, i) => {
      const a = edges[i][0], b = edges[i][1];
      const from = flow.from === null ? null : parts[a], to = flow.to === null ? null : parts[b];
      const start = from ? [from.x + (from.leave?.get(flow.fromPort) ?? from.w / 2), from.y + from.h] : [cells[a].x + side, 0];
      const end = to ? [to.x + (to.enter?.get(flow.toPort) ?? to.w / 2), to.y] : [cells[b].x + side, placed.h];
      const bends = points[i].map(([x, y]) => [x + side, y + top]);
      // Straight down beside the title and beside higher neighbours; what runs upwards, against a cycle, has no such room.
      const falls = cells[a].rowTop < cells[b].rowTop;
      const out = falls ? [[start[0], cells[a].rowBottom + top]] : [];
      const into = falls && to ? [[end[0], cells[b].rowTop + top]] : [];
      return { points: [start, ...out, ...bends, ...into, end], head: to !== null && !to.parts };
    });
    return placed;
  }

  function drawn(part, x, y, level, shade) {
    const { node } = part;
    const foldable = node.children.length > 0;
    const group = element('svg:g', {
      'data-path': node.path || node.name, role: 'treeitem', tabindex: -1, 'aria-level': level,
      'aria-label': spoken(node.path || node.name, [node], ''), 'aria-selected': 'false',
    });
    group.node = node;
    group.nodes = [node];
    if (foldable && node.parent) group.setAttribute('aria-expanded', String(isOpen(node)));
    const put = (name, attributes, ...children) => group.append(element(name, attributes, ...children));
    const touched = signs.get(node.path);
    const outline = touched ? { stroke: SIGNS[touched] ?? 'var(--changed)', 'stroke-width': 2 } : {};
    if (node.deciders.length) outline['stroke-dasharray'] = '4 3';  // a choice that is open decides it
    shapes.push(group);
    const made = [group];
    if (!part.parts) {
      const fill = FILLS[node.family], fixed = fill.startsWith('#');
      const round = node.family === 5 ? 12 : foldable || part.said.length > 1 ? 3 : part.h / 2;
      put('svg:rect', { x, y, width: part.w, height: part.h, rx: round, fill, stroke: 'var(--ink)', ...outline });
      let line = y + 6;
      part.said.forEach(([text, size, bold], i) => {
        line += size * 1.35;
        put('svg:text', {
          x: x + part.w / 2, y: line - size * 0.33, 'font-size': size, 'text-anchor': 'middle',
          ...(bold ? { 'font-weight': 'bold' } : {}), fill: fixed ? FIXED : i && !bold ? 'var(--soft)' : 'var(--ink)',
        }, text);
      });
      if (foldable) sign(group, x + part.w - 15, y + 5, '+');
      if (touched) group.append(...badge(x, y, touched));
      return made;
    }
    put('svg:rect', { x, y, width: part.w, height: part.h, rx: 4, fill: shade ? 'var(--panel)' : 'var(--paper)', stroke: 'var(--line)', ...outline });
    for (const edge of part.edges) made.push(...arrow(edge, x, y));
    const plate = element('svg:g', { 'aria-hidden': 'true', 'pointer-events': 'none' });
    const start = node.parent ? 24 : 8;
    if (node.parent) sign(plate, x + 6, y + 6, '−');
    plate.append(element('svg:text', { x: x + start, y: y + 16, 'font-size': 11, 'font-weight': 'bold', fill: 'var(--ink)' }, node.name));
    if (says(node)) {
      plate.append(element('svg:text', { x: x + start + width(node.name, 11, true) + 8, y: y + 16, 'font-size': 9.5, fill: 'var(--soft)' }, node.what));
    }
    if (touched) plate.append(...badge(x, y, touched));
    made.push(plate);
    for (const inner of part.parts) made.push(...drawn(inner, x + inner.x, y + inner.y, level + 1, !shade));
    return made;
  }
  function badge(x, y, text) {
    const colour = SIGNS[text] ?? 'var(--changed)';
    return [
      element('svg:circle', { cx: x, cy: y, r: 7, fill: colour, stroke: colour }),
      element('svg:text', { x, y: y + 3.5, 'font-size': 11, 'font-weight': 'bold', 'text-anchor': 'middle', fill: 'var(--paper)' }, text),
    ];
  }
  function sign(group, x, y, text) {
    group.append(
      element('svg:rect', { x, y, width: 11, height: 11, rx: 2, fill: 'var(--paper)', stroke: 'var(--line)' }),
      element('svg:text', { x: x + 5.5, y: y + 9, 'font-size': 11, 'text-anchor': 'middle', fill: 'var(--ink)' }, text),
    );
  }
  function arrow(edge, x, y) {
    const points = edge.points.map(([px, py]) => [px + x, py + y]);
    const [tx, ty] = points[points.length - 1];
    if (edge.head) points[points.length - 1] = [tx, ty - 5];
    let way = `M${points[0]}`;
    for (let i = 1; i < points.length; i++) {
      const [ax, ay] = points[i - 1], [bx, by] = points[i], bend = (by - ay) / 2;
      way += Math.abs(ax - bx) < 0.5 ? `L${bx} ${by}` : `C${ax} ${ay + bend} ${bx} ${by - bend} ${bx} ${by}`;
    }
    const made = [element('svg:path', { d: way, fill: 'none', stroke: 'var(--ink)', 'aria-hidden': 'true' })];
    if (edge.head) made.push(element('svg:path', { d: `M${tx} ${ty}L${tx - 3} ${ty - 6}L${tx + 3} ${ty - 6}Z`, fill: 'var(--ink)', 'aria-hidden': 'true' }));
    return made;
  }

  const count = () => {
    let total = 0;
    const stack = [root];
    while (stack.length) {
      const node = stack.pop();
      total++;
      if (isOpen(node)) stack.push(...node.children);
    }
    return total;
  };
  // Expands level by level as long as the boxes are few enough; returns whether everything is expanded.
  function openMany(most) {
    let total = count(), level = [root];
    while (level.length) {
      const next = [];
      for (const node of level) {
        if (!node.children.length) continue;
        if (!expanded.has(node)) {
          if (total + node.children.length > most) return false;
          expanded.add(node);
          total += node.children.length;
        }
        next.push(...node.children);
      }
      level = next;
    }
    return true;
  }
  while (root.children.length && count() < 6) {
    const before = count();
    if (openMany(OPENING) || count() === before) break;
  }

  return {
    graph, svg, root, isOpen,
    draw() {
      const part = measured(root, flowsInside());
      shapes = [];
      svg.replaceChildren(element('svg:rect', { class: 'paper', width: part.w + 2, height: part.h + 2 }), ...drawn(part, 1, 1, 1, false));
      svg.setAttribute('width', Math.ceil(part.w + 2));
      svg.setAttribute('height', Math.ceil(part.h + 2));
      svg.setAttribute('viewBox', `0 0 ${Math.ceil(part.w + 2)} ${Math.ceil(part.h + 2)}`);
      return shapes;
    },
    shapes: () => shapes,
    shapeOf: (node) => shapes.find((shape) => shape.node === node),
    toggle(node) {
      if (!node.children.length || node === root) return false;
      if (!expanded.delete(node)) expanded.add(node);
      return true;
    },
    openTo(node) {
      for (let here = node.parent; here; here = here.parent) expanded.add(here);
    },
    openAll: () => openMany(MOST_BOXES),
    closeAll() {
      expanded.clear();
      expanded.add(root);
    },
  };
}
