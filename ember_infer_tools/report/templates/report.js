"use strict";
(() => {
  const root = document.documentElement;
  const find = (selector, from = document) => [...from.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const aside = byId("details"), hint = byId("hint"), close = byId("close");
  const viewport = byId("viewport"), drawing = byId("drawing");
  let opener = null, current = null;

  root.classList.add("js");
  close.hidden = false;
  byId("zooms").hidden = false;

  // Details: one layer at a time, beside the rest.

  for (const block of find(".block[data-layer]")) {
    if (!byId(`layer-${block.dataset.layer}`)) delete block.dataset.layer; // the page has no details of this layer
  }

  const article = (layer) => byId(`layer-${layer}`);

  function show(layer, focus) {
    const wanted = article(layer);
    if (!wanted) return;
    current = layer;
    for (const old of find(".current")) old.classList.remove("current");
    wanted.classList.add("current");
    for (const other of find(`[data-layer="${layer}"]`)) other.classList.add("current");
    hint.hidden = true;
    aside.classList.add("open");
    aside.scrollTop = 0;
    if (focus) wanted.querySelector("h3").focus({ preventScroll: true });
  }

  function hide() {
    current = null;
    for (const old of find(".current")) old.classList.remove("current");
    aside.classList.remove("open");
    hint.hidden = false;
    if (opener && opener.isConnected) opener.focus({ preventScroll: true });
    opener = null;
  }

  // Each choice is a step of the browser's history, so that Back undoes it. A step knows its layer, because a section's
  // address has none, and a layer stays open where a section is gone to.

  function remember(layer) {
    if (layer === current) return;
    history.pushState({ layer }, "", layer === null ? location.href.split("#")[0] : `#layer-${layer}`);
  }

  function dismiss() {
    remember(null);
    hide();
  }

  const layerOf = (hash) => (/^#layer-\d+$/.test(hash) ? hash.slice(7) : null);

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a[href^='#layer-']");
    const block = event.target.closest(".block[data-layer], tr[data-layer]");
    const layer = link ? layerOf(link.getAttribute("href")) : block && block.dataset.layer;
    if (!layer) return;
    event.preventDefault();
    if (link && !aside.contains(link)) opener = link;
    remember(layer);
    show(layer, Boolean(link));
    if (!link || !link.classList.contains("node")) reveal(layer);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target !== search && current !== null) dismiss();
  });
  close.addEventListener("click", dismiss);
  window.addEventListener("popstate", ({ state }) => {
    const asked = layerOf(location.hash), layer = state ? state.layer : asked || current;
    if (!state) history.replaceState({ layer }, "");
    if (layer === null) hide();
    else if (layer !== current) show(layer, Boolean(asked)), reveal(layer);
  });

  // The graph: its window scrolls, so that fingers, wheels and arrow keys work as everywhere.

  const width = drawing.viewBox.baseVal.width, height = drawing.viewBox.baseVal.height;
  let scale = 1;

  function zoom(next, at) {
    next = Math.min(Math.max(next, 0.05), 4);
    const box = viewport.getBoundingClientRect();
    const x = at ? at.x - box.x : box.width / 2, y = at ? at.y - box.y : box.height / 2;
    const left = (viewport.scrollLeft + x) / scale, top = (viewport.scrollTop + y) / scale;
    scale = next;
    drawing.setAttribute("width", width * scale);
    drawing.setAttribute("height", height * scale);
    viewport.scrollLeft = left * scale - x;
    viewport.scrollTop = top * scale - y;
  }
  // A tall graph as a whole would be a hairline: it fits in its width, and boxes can still be told apart.
  const wide = () => (viewport.clientWidth - 4) / width, tall = () => (viewport.clientHeight - 4) / height;
  const fit = () => Math.min(wide(), Math.max(tall(), 0.4));
  const steps = { in: () => scale * 1.25, out: () => scale / 1.25, one: () => 1, fit };
  for (const button of find("[data-zoom]")) {
    button.addEventListener("click", () => zoom(steps[button.dataset.zoom]()));
  }
  viewport.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(scale * Math.exp(-event.deltaY / 300), event);
  }, { passive: false });
  viewport.addEventListener("keydown", (event) => {
    const step = { "+": "in", "=": "in", "-": "out", "0": "fit", "1": "one" }[event.key];
    if (step && !event.ctrlKey && !event.metaKey) zoom(steps[step]());
  });
  if (width > viewport.clientWidth) zoom(Math.max(wide(), 0.6));

  function reveal(layer) {
    const node = drawing.querySelector(`.node[data-layer="${layer}"] .box`);
    if (!node) return;
    const box = node.getBBox();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    viewport.scrollTo({
      left: (box.x + box.width / 2) * scale - viewport.clientWidth / 2,
      top: (box.y + box.height / 2) * scale - viewport.clientHeight / 2,
      behavior: calm,
    });
  }

  // Search: in everything that a node says, and what its row in the table does.

  const search = byId("search"), matches = byId("matches"), next = byId("next");
  const texts = new Map();
  for (const one of find("a.node, #layer-table tbody tr")) {
    texts.set(one.dataset.layer, `${texts.get(one.dataset.layer) || ""} ${one.textContent}`.toLowerCase());
  }
  let found = [], place = -1;

  function look() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (layer) => words.every((word) => texts.get(layer).includes(word));
    found = words.length ? [...texts.keys()].filter(fits) : [];
    place = -1;
    const shown = new Set(found);
    for (const one of find("a.node, #layer-table tbody tr")) {
      one.classList.toggle("dim", words.length > 0 && !shown.has(one.dataset.layer));
    }
    matches.textContent = words.length ? `${found.length} of ${texts.size} layers` : "";
    next.hidden = !found.length;
    if (found.length) reveal(found[0]);
  }

  function step(by) {
    if (!found.length) return;
    place = (place + by + found.length) % found.length;
    matches.textContent = `${place + 1} of ${found.length}`;
    reveal(found[place]);
    remember(found[place]);
    show(found[place], false);
  }
  search.addEventListener("input", look);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(), step(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") (search.value = ""), look();
  });
  next.addEventListener("click", () => step(1));

  const first = layerOf(location.hash);
  if (first) show(first, false), reveal(first);
  history.replaceState({ layer: current }, "");
})();
