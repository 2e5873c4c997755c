// What part of a picture is seen: pans and zooms by drag, wheel, two fingers and calls.

const NEAREST = 8, FARTHEST = 0.02, STEP = 1.25, SLOP = 4;

// `stage` is the frame; `pictures` are seen one at a time: `show(svg)`. A click is reported only where nothing was dragged.
function camera(stage) {
  let svg = null, view = { x: 0, y: 0, k: 1 };
  const views = new Map(), fingers = new Map();
  let moved = 0;

  const size = () => [Number(svg.getAttribute('width')), Number(svg.getAttribute('height'))];
  function apply(glide) {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    stage.classList.toggle('gliding', Boolean(glide) && !still);
    svg.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.k})`;
  }
  function zoomAt(factor, x, y, glide) {
    const k = Math.min(NEAREST, Math.max(FARTHEST, view.k * factor));
    view.x = x - (x - view.x) * (k / view.k);
    view.y = y - (y - view.y) * (k / view.k);
    view.k = k;
    apply(glide);
  }
  function fit(whole) {
    const [width, height] = size();
    const room = [stage.clientWidth - 24, stage.clientHeight - 24];
    const fitting = Math.min(room[0] / width, room[1] / height);
    view.k = whole ? Math.min(2, fitting) : Math.min(1, room[0] / width);
    view.k = Math.max(FARTHEST, view.k);
    view.x = Math.max(12, (stage.clientWidth - width * view.k) / 2);
    view.y = Math.max(12, (stage.clientHeight - height * view.k) / 2);
    apply();
  }
  // The box of an element within the stage, in pixels: where it will be once a glide under way has ended.
  function place(element) {
    const box = element.getBBox();
    return { x: view.x + box.x * view.k, y: view.y + box.y * view.k, width: box.width * view.k, height: box.height * view.k };
  }
  function centre(element) {
    if (view.k < 0.7) zoomAt(1 / view.k, 0, 0);
    const box = place(element);
    view.x += stage.clientWidth / 2 - (box.x + box.width / 2);
    view.y += stage.clientHeight / 2 - (box.y + Math.min(box.height / 2, stage.clientHeight / 2 - 20));
    apply(true);
  }
  // Moves as little as is needed for the element to be seen.
  function reveal(element) {
    const box = place(element), edge = 16;
    const shift = (start, length, room) => {
      if (start < edge || length > room - 2 * edge) return edge - start;
      return start + length > room - edge ? room - edge - start - length : 0;
    };
    const dx = shift(box.x, box.width, stage.clientWidth), dy = shift(box.y, box.height, stage.clientHeight);
    if (!dx && !dy) return;
    view.x += dx;
    view.y += dy;
    apply();
  }
  const middle = () => [stage.clientWidth / 2, stage.clientHeight / 2];

  stage.addEventListener('wheel', (event) => {
    event.preventDefault();
    const frame = stage.getBoundingClientRect();
    const lines = event.deltaMode === 1 ? 16 : 1;
    zoomAt(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) / 500), event.clientX - frame.x, event.clientY - frame.y);
  }, { passive: false });
  stage.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 1) moved = 0;
  });
  stage.addEventListener('pointermove', (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    fingers.set(event.pointerId, now);
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (moved < SLOP) return;
    if (!stage.hasPointerCapture(event.pointerId)) stage.setPointerCapture(event.pointerId);
    stage.classList.add('dragging');
    if (others.length) {
      const frame = stage.getBoundingClientRect(), [ox, oy] = others[0];
      const spread = (at) => Math.hypot(at[0] - ox, at[1] - oy) || 1;
      zoomAt(spread(now) / spread(before), ox - frame.x, oy - frame.y);
    } else {
      view.x += now[0] - before[0];
      view.y += now[1] - before[1];
      apply();
    }
  });
  for (const name of ['pointerup', 'pointercancel']) {
    stage.addEventListener(name, (event) => {
      fingers.delete(event.pointerId);
      if (!fingers.size) stage.classList.remove('dragging');
    });
  }
  stage.addEventListener('click', (event) => {
    if (moved >= SLOP) event.stopPropagation();
    moved = 0;
  }, true);
  // A focused box makes the browser scroll the stage; the camera does that itself.
  stage.addEventListener('scroll', () => { stage.scrollTop = stage.scrollLeft = 0; });

  return {
    show(next) {
      if (svg) views.set(svg, view);
      svg = next;
      const known = views.get(svg);
      view = known ?? { x: 0, y: 0, k: 1 };
      if (known) apply(); else fit(false);
    },
    // After a picture was drawn anew: what stood at a place of the stage stands there again.
    shift(dx, dy) {
      view.x += dx;
      view.y += dy;
      apply();
    },
    forget(old) { views.delete(old); },
    fit: () => fit(true),
    start: () => fit(false),
    zoom: (closer) => zoomAt(closer ? STEP : 1 / STEP, ...middle(), true),
    place, centre, reveal,
  };
}
