// A layered layout of a directed graph: ranks from top to bottom, few crossings, straight long edges (Sugiyama et al., 1981).
// Deterministic: the same graph gives the same places.

const GAP_X = 18, GAP_Y = 26, SWEEPS = 8;

// `nodes` have w and h, and `pin` -1 for the first rank of all, 1 for the last; `edges` are [from, to].
// Gives every node its centre x and top y, and in rowTop and rowBottom the room that its rank takes; and for every edge the points that it passes, in `points`; returns the size.
function layered(nodes, edges) {
  const kept = withoutCycles(nodes.length, edges);
  const rank = ranks(nodes, kept);
  const cells = nodes.map((node, i) => ({ node: i, w: node.w, rank: rank[i], up: [], down: [], x: 0 }));
  const chains = edges.map(([a, b]) => {
    const turned = rank[a] > rank[b];
    const [from, to] = turned ? [b, a] : [a, b];
    const chain = [cells[from]];
    for (let r = rank[from] + 1; r < rank[to]; r++) {
      const bend = { node: -1, w: 4, rank: r, up: [], down: [], x: 0 };
      cells.push(bend);
      chain.push(bend);
    }
    chain.push(cells[to]);
    for (let i = 1; i < chain.length; i++) {
      chain[i - 1].down.push(chain[i]);
      chain[i].up.push(chain[i - 1]);
    }
    return turned ? chain.reverse() : chain;
  });
  const rows = [];
  for (const cell of cells) (rows[cell.rank] ??= []).push(cell);
  order(rows);
  straighten(rows);
  const tops = [], heights = [];
  let y = 0;
  rows.forEach((row, r) => {
    heights[r] = Math.max(0, ...row.map((cell) => (cell.node < 0 ? 0 : nodes[cell.node].h)));
    tops[r] = y;
    y += heights[r] + GAP_Y;
  });
  const left = Math.min(...cells.map((cell) => cell.x - cell.w / 2));
  const right = Math.max(...cells.map((cell) => cell.x + cell.w / 2));
  for (const cell of cells) cell.x -= left;
  nodes.forEach((node, i) => {
    node.x = cells[i].x;
    node.y = tops[rank[i]] + (heights[rank[i]] - node.h) / 2;
    if (node.pin) node.y = tops[rank[i]];
    node.rowTop = tops[rank[i]];
    node.rowBottom = tops[rank[i]] + heights[rank[i]];
  });
  const points = chains.map((chain) => chain.slice(1, -1).flatMap((bend) => {
    const ends = [[bend.x, tops[bend.rank]], [bend.x, tops[bend.rank] + heights[bend.rank]]];
    return chain[0].rank > chain[chain.length - 1].rank ? ends.reverse() : ends;
  }));
  return { width: right - left, height: y - GAP_Y, points };
}

// The edges without those that close a cycle.
function withoutCycles(count, edges) {
  const out = Array.from({ length: count }, () => []);
  for (const edge of edges) out[edge[0]].push(edge);
  const state = new Uint8Array(count), kept = [];
  for (let root = 0; root < count; root++) {
    if (state[root]) continue;
    const stack = [[root, 0]];
    state[root] = 1;
    while (stack.length) {
      const top = stack[stack.length - 1];
      if (top[1] === out[top[0]].length) {
        state[top[0]] = 2;
        stack.pop();
        continue;
      }
      const edge = out[top[0]][top[1]++];
      if (state[edge[1]] === 1) continue;
      kept.push(edge);
      if (!state[edge[1]]) {
        state[edge[1]] = 1;
        stack.push([edge[1], 0]);
      }
    }
  }
  return kept;
}

// The longest way from above; what nothing leads to stands right above what it leads to.
function ranks(nodes, edges) {
  const up = nodes.map(() => []), down = nodes.map(() => []), waiting = nodes.map(() => 0);
  for (const [a, b] of edges) {
    down[a].push(b);
    up[b].push(a);
    waiting[b]++;
  }
  const first = nodes.some((node) => node.pin === -1) ? 1 : 0;
  const rank = nodes.map((node) => (node.pin === -1 ? 0 : first));
  const ready = nodes.flatMap((_, i) => (waiting[i] ? [] : [i])), sorted = [];
  while (ready.length) {
    const i = ready.shift();
    sorted.push(i);
    for (const j of down[i]) {
      rank[j] = Math.max(rank[j], rank[i] + 1);
      if (!--waiting[j]) ready.push(j);
    }
  }
  for (const i of sorted.reverse()) {
    if (!up[i].length && down[i].length && nodes[i].pin !== -1) rank[i] = Math.min(...down[i].map((j) => rank[j])) - 1;
  }
  const last = Math.max(0, ...nodes.map((node, i) => (node.pin === 1 ? 0 : rank[i] + 1)));
  nodes.forEach((node, i) => { if (node.pin === 1) rank[i] = last; });
  return squeezed(rank);
}

// The same order of ranks, without empty ones.
function squeezed(rank) {
  const used = [...new Set(rank)].sort((a, b) => a - b);
  const place = new Map(used.map((r, i) => [r, i]));
  return rank.map((r) => place.get(r));
}

// Sorts every row by the middle of its neighbours, down and up in turns, and keeps the order with the fewest crossings.
function order(rows) {
  const index = () => rows.forEach((row) => row.forEach((cell, i) => { cell.at = i; }));
  index();
  let best = rows.map((row) => [...row]), fewest = crossings(rows);
  for (let sweep = 0; sweep < SWEEPS && fewest; sweep++) {
    const downwards = sweep % 2 === 0;
    for (const row of downwards ? rows : [...rows].reverse()) {
      const key = new Map(row.map((cell) => {
        const near = downwards ? cell.up : cell.down;
        return [cell, near.length ? near.reduce((sum, other) => sum + other.at, 0) / near.length : cell.at];
      }));
      row.sort((a, b) => key.get(a) - key.get(b) || a.at - b.at);
      row.forEach((cell, i) => { cell.at = i; });
    }
    const now = crossings(rows);
    if (now < fewest) {
      fewest = now;
      best = rows.map((row) => [...row]);
    }
  }
  best.forEach((row, i) => { rows[i] = row; });
  index();
}

function crossings(rows) {
  let total = 0;
  for (const row of rows) {
    const ends = row.flatMap((cell) => cell.down.map((other) => other.at).sort((a, b) => a - b));
    const seen = [];
    for (const end of ends) {  // counts the inversions by insertion
      let low = 0, high = seen.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (seen[middle] <= end) low = middle + 1; else high = middle;
      }
      total += seen.length - low;
      seen.splice(low, 0, end);
    }
  }
  return total;
}

// Moves the cells of every row towards the middle of their neighbours; bends pull harder, so that long edges are straight.
function straighten(rows) {
  for (const row of rows) settle(row, row.map(() => 0));
  for (let sweep = 0; sweep < 2 * SWEEPS; sweep++) {
    const downwards = sweep % 2 === 0;
    for (const row of downwards ? rows : [...rows].reverse()) {
      settle(row, row.map((cell) => {
        const near = downwards ? (cell.up.length ? cell.up : cell.down) : (cell.down.length ? cell.down : cell.up);
        return near.length ? near.reduce((sum, other) => sum + other.x, 0) / near.length : cell.x;
      }));
    }
  }
}

// The places nearest to the wishes (least squares) at which neighbours keep their distance: pools of adjacent violators.
function settle(row, wishes) {
  const offset = [0];
  for (let i = 1; i < row.length; i++) {
    const gap = row[i].node < 0 && row[i - 1].node < 0 ? 8 : GAP_X;
    offset[i] = offset[i - 1] + (row[i - 1].w + row[i].w) / 2 + gap;
  }
  const pools = [];
  row.forEach((cell, i) => {
    const weight = cell.node < 0 ? 4 : 1;
    let pool = { sum: (wishes[i] - offset[i]) * weight, weight, count: 1 };
    while (pools.length && pools[pools.length - 1].sum / pools[pools.length - 1].weight > pool.sum / pool.weight) {
      const before = pools.pop();
      pool = { sum: before.sum + pool.sum, weight: before.weight + pool.weight, count: before.count + pool.count };
    }
    pools.push(pool);
  });
  let i = 0;
  for (const pool of pools) {
    for (let n = 0; n < pool.count; n++, i++) row[i].x = pool.sum / pool.weight + offset[i];
  }
}
