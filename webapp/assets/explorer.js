/* The address bar is the only state. Here it is read and written; Dash draws what it says. */
(() => {
  "use strict";

  const KEPT = ["dir", "depth", "hide", "also", "tab"]; // what a change of focus leaves as it is
  let shown = {focus: "", refs: {}, names: {}};
  let drawnFocus = null;
  let anchor = null;
  let pause = null;
  let again = null; // selector of what has the focus once the panel is drawn anew
  let found = false; // the drawing under way was sought with keys, which go on in it

  const $ = (id) => document.getElementById(id);
  const query = (search = location.search) => new URLSearchParams(search);
  const selection = () => query().get("sel") || "";
  const canvas = () => { const el = $("canvas"); return el && el._cyreg ? el._cyreg.cy : null; };
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);

  // the only writer of the address: a step can be undone with back, a mere selection cannot
  function write(params, replace) {
    const text = params.toString();
    if (text === query().toString()) return false; // ends every echo
    const address = location.pathname + (text ? "?" + text : "");
    history[replace ? "replaceState" : "pushState"](null, "", address);
    window.dispatchEvent(new PopStateEvent("popstate")); // dcc.Location reads the address again
    return true;
  }

  function go(changes, replace) {
    const params = query();
    for (const [name, value] of Object.entries(changes)) {
      if (value) params.set(name, value); else params.delete(name);
    }
    return write(params, replace);
  }

  function visit(href, keep) {
    const params = query(href);
    if (keep) {
      for (const name of KEPT) {
        const value = query().get(name);
        if (value && !params.has(name)) params.set(name, value);
      }
    }
    write(params, false);
  }

  function toggle(token) {
    const open = (query().get("open") || "").split(".").filter(Boolean);
    const place = open.indexOf(token);
    if (place < 0) open.push(token); else open.splice(place, 1);
    go({open: open.join("."), sel: token});
  }

  function toggleGuess(token) {
    const asked = (query().get("guess") || "").split(".").filter(Boolean);
    const place = asked.indexOf(token);
    if (place < 0) asked.push(token); else asked.splice(place, 1);
    const cy = canvas();
    if (cy) hold(cy, token, place < 0 ? ".guess, .same" : "");
    again = "[data-act=guess]";
    go({guess: asked.join("."), sel: token});
  }

  // what was pressed is drawn anew: who works with keys goes on from the same place
  function goOn() {
    if (!again) return;
    const el = document.querySelector("#panel " + again) || document.querySelector("#panel [data-act=guess]");
    again = null;
    if (el && (document.activeElement === document.body || !document.activeElement)) el.focus({preventScroll: true});
  }

  function decide(el) {
    const why = $("decision-note");
    const {one, other, verdict} = el.dataset;
    const item = el.closest("[data-pair]");
    again = item ? "[data-pair='" + item.dataset.pair + "'] [data-act=decide]" : "[data-act=guess]";
    for (const button of document.querySelectorAll("#panel [data-act=decide]")) button.disabled = true;
    setProps("said", {children: ""});
    setProps("decide", {data: {one, other, verdict, note: why ? why.value : "", at: Date.now()}});
  }

  function select(token) { go({sel: token}, true); }

  // ---- what is selected, on the canvas and for screen readers
  function reselect() {
    const cy = canvas();
    const token = selection() in shown.refs ? selection() : "";
    const page = document.documentElement.dataset;
    if (cy) {
      cy.batch(() => {
        cy.elements().removeClass("near far said").unselect();
        const node = token ? cy.getElementById(token) : cy.collection();
        if (node.nonempty()) {
          node.select();
          const edges = node.connectedEdges().addClass("near");
          if (edges.length < 9) edges.addClass("said"); // more labels than that hide each other
          if (cy.nodes().length > 3) {
            cy.elements().not(node.closedNeighborhood()).addClass("far");
          }
        }
      });
      keepInSight(cy, token);
    }
    const expander = document.querySelector("[data-act=toggle]");
    if (expander) {
      const open = (query().get("open") || "").split(".").includes(expander.dataset.token);
      expander.textContent = open ? "Collapse" : "Expand";
    }
    const focuser = document.querySelector("[data-focus]");
    if (focuser) focuser.hidden = focuser.dataset.focus === shown.focus;
    const name = shown.names[token];
    if ($("live")) $("live").textContent = name ? name + " selected" : "";
    const focus = shown.names[shown.focus];
    document.title = page.page === "explore" && focus ? focus + " · lineage"
      : page.page === "cypher" ? "Cypher · lineage" : page.page === "check" ? "Check · lineage" : "lineage";
  }

  function keepInSight(cy, token) {
    const node = token ? cy.getElementById(token) : cy.collection();
    if (node.empty()) return;
    const at = node.renderedPosition();
    const margin = 30;
    if (at.x < margin || at.y < margin || at.x > cy.width() - margin || at.y > cy.height() - margin) {
      cy.center(node);
    }
  }

  // ---- the canvas
  const MARGIN = 36;

  // what the legend covers of the canvas, so that nothing is drawn under it
  function below() {
    const legend = document.querySelector(".legend");
    return Math.max(MARGIN, legend ? legend.offsetHeight + 24 : 0);
  }

  function fit(cy, whole) {
    cy.resize();
    if (cy.elements().empty()) return;
    const box = cy.elements().boundingBox();
    const height = cy.height() - MARGIN - below();
    cy.zoom(Math.min(1.15, (cy.width() - 2 * MARGIN) / box.w, height / box.h));
    const zoom = cy.zoom(); // within its own bounds
    cy.pan({
      x: (cy.width() - zoom * (box.x1 + box.x2)) / 2,
      y: MARGIN + (height - zoom * (box.y1 + box.y2)) / 2,
    });
    // where labels would be hard to read rather show a part, the focus in it; sight() says so
    if (!whole && cy.zoom() < 0.6 && cy.nodes().length < 80) {
      cy.zoom(cy.width() < 520 ? 0.5 : 0.75);
      cy.center(cy.nodes(".focus"));
      fill(cy);
    }
  }

  // moves a drawing that is larger than the canvas so that no side is left empty
  function fill(cy) {
    const box = cy.elements().renderedBoundingBox();
    const shift = (low, high, end) => high - low <= end - MARGIN ? (MARGIN + end - high - low) / 2
      : low > MARGIN ? MARGIN - low : high < end ? end - high : 0;
    cy.panBy({
      x: shift(box.x1, box.x2, cy.width() - MARGIN),
      y: shift(box.y1, box.y2, cy.height() - below()),
    });
  }

  // what an element newly shows comes into sight, where it has room
  function bringIn(cy, node, edges) {
    const news = node.union(node.connectedEdges(edges).connectedNodes());
    const box = news.renderedBoundingBox();
    if (box.x1 >= 0 && box.y1 >= 0 && box.x2 <= cy.width() && box.y2 <= cy.height()) return;
    cy.fit(news, 40);
    if (cy.zoom() > 1.15) { cy.zoom(1.15); cy.center(news); }
    if (cy.zoom() < 0.5) { cy.zoom(0.5); cy.center(node); }
  }

  // the component applies new elements some time after Dash has handed them over
  function afterDrawing(expected, frames = 60) {
    const cy = canvas();
    if (!cy) return;
    if (cy.elements().length !== expected && frames) {
      requestAnimationFrame(() => afterDrawing(expected, frames - 1));
      return;
    }
    if (!expected) { drawnFocus = null; return; }
    const focus = query().get("focus") + "|" + (query().get("dir") || "") + "|" + (query().get("depth") || "");
    if (drawnFocus !== focus) {
      drawnFocus = focus;
      fit(cy);
    } else if (anchor) {
      const node = cy.getElementById(anchor.token); // what was tapped stays under the finger
      if (node.nonempty()) {
        const now = node.renderedPosition();
        cy.panBy({x: anchor.x - now.x, y: anchor.y - now.y});
        if (anchor.edges) bringIn(cy, node, anchor.edges);
      }
    }
    anchor = null;
    reselect();
    if (found && document.activeElement === document.body) $("canvas").focus({preventScroll: true});
    found = false;
  }

  // never a silent cut: how much of the drawing the canvas shows
  function sight(cy) {
    const pill = $("sight");
    if (!pill || !cy.width()) return;
    const {x1, y1, x2, y2} = cy.extent();
    const all = cy.nodes();
    const seen = all.filter((n) => {
      const {x, y} = n.position();
      return x >= x1 && x <= x2 && y >= y1 && y <= y2;
    });
    pill.hidden = seen.length === all.length;
    pill.textContent = seen.length.toLocaleString("en") + " of " + all.length.toLocaleString("en") + " in sight: show all";
  }

  function step(cy, key) {
    const current = cy.getElementById(selection());
    if (current.empty()) return select(shown.focus);
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const next = key === "ArrowLeft" ? current.outgoers("node") : current.incomers("node");
      return nearest(current, next);
    }
    const here = current.position();
    const side = cy.nodes().filter((n) => n !== current && Math.abs(n.position("x") - here.x) < 120
      && (key === "ArrowDown" ? n.position("y") > here.y : n.position("y") < here.y));
    return nearest(current, side);
  }

  function nearest(current, nodes) {
    const here = current.position();
    const far = (n) => Math.abs(n.position("y") - here.y) + 0.2 * Math.abs(n.position("x") - here.x);
    if (nodes.nonempty()) select(nodes.sort((a, b) => far(a) - far(b)).first().id());
  }

  function onCanvasKey(event) {
    const cy = canvas();
    if (!cy || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) { event.preventDefault(); step(cy, event.key); }
    else if (event.key === "Enter" && selection()) {
      event.preventDefault();
      if (event.shiftKey) visit("?focus=" + encodeURIComponent(shown.refs[selection()]), true);
      else remember(cy, selection());
    }
    else if (event.key === "+") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
  }

  function zoom(factor) {
    const cy = canvas();
    const middle = {x: cy.width() / 2, y: cy.height() / 2};
    cy.zoom({level: cy.zoom() * factor, renderedPosition: middle});
  }

  function remember(cy, token) {
    hold(cy, token, "*");
    toggle(token);
  }

  // the element stays where it is while others are drawn; what these edges lead to comes into sight
  function hold(cy, token, edges) {
    const node = cy.getElementById(token);
    if (node.nonempty()) anchor = {token, edges, ...node.renderedPosition()};
  }

  function wire(el) {
    const cy = el._cyreg.cy;
    if (cy.scratch("_wired")) return;
    cy.scratch("_wired", true);
    cy.multiClickDebounceTime(400);
    // where something above the canvas changed height, the first tap would miss
    el.addEventListener("pointerdown", () => {
      el.dataset.pointer = ""; // the ring around the canvas is for those who use keys
      cy.renderer().invalidateContainerClientCoordsCache();
    }, true);
    window.addEventListener("keydown", () => delete el.dataset.pointer, true);
    cy.on("tap", (event) => {
      el.focus({preventScroll: true});
      if (event.target === cy) select("");
      else if (event.target.isNode()) select(event.target.id());
    });
    cy.on("dbltap", "node", (event) => remember(cy, event.target.id()));
    cy.on("mouseover", "node", (event) => { el.title = event.target.data("name"); el.style.cursor = "pointer"; });
    cy.on("mouseout", "node", () => { el.title = ""; el.style.cursor = ""; });
    cy.on("mouseover", "edge", (event) => event.target.addClass("hover"));
    cy.on("mouseout", "edge", (event) => event.target.removeClass("hover"));
    el.tabIndex = 0;
    el.setAttribute("role", "application");
    el.setAttribute("aria-label", "Lineage graph. Arrow keys follow relations, Enter expands. The table says the same.");
    el.addEventListener("keydown", onCanvasKey);
    new ResizeObserver(() => { if (el.offsetWidth) cy.resize(); }).observe(el);
    let look = null;
    cy.on("viewport resize add remove position", () => {
      clearTimeout(look);
      look = setTimeout(() => sight(cy), 80);
    });
  }

  // ---- the rest of the page
  const acts = {
    guess: (el) => toggleGuess(el.dataset.token),
    decide: (el) => decide(el),
    toggle: (el) => { const cy = canvas(); if (cy) remember(cy, el.dataset.token); else toggle(el.dataset.token); },
    "copy-link": (el) => copy(location.href, el),
    "copy-id": (el) => copy(el.dataset.value, el),
    fit: () => { const cy = canvas(); if (cy) fit(cy, true); },
    "zoom-in": () => zoom(1.25),
    "zoom-out": () => zoom(0.8),
    png: () => picture(),
    retry: () => { delete document.documentElement.dataset.offline; setProps("attempt", {data: Date.now()}); },
    scheme: () => setProps("scheme", {data: window.lineageScheme.turn()}),
    run: () => run(),
  };

  async function copy(text, el) {
    let done = false;
    try { await navigator.clipboard.writeText(text); done = true; } catch { /* not over plain http */ }
    if (!done) {
      const area = Object.assign(document.createElement("textarea"), {value: text});
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
    }
    const before = el.dataset.label || el.textContent;
    el.dataset.label = before;
    el.textContent = done ? "Copied" : "Not allowed";
    setTimeout(() => { el.textContent = before; }, 1400);
    if ($("live")) $("live").textContent = done ? "Copied" : "The browser does not allow copying here";
  }

  function picture() {
    const cy = canvas();
    if (!cy || cy.elements().empty()) return;
    const box = cy.elements().boundingBox();
    const most = 12000; // browsers draw no larger canvas
    const scale = Math.min(2, most / Math.max(box.w, box.h, 1));
    const background = getComputedStyle(document.documentElement).getPropertyValue("--canvas").trim();
    const link = document.createElement("a");
    link.href = cy.png({full: true, scale, bg: background});
    link.download = "lineage.png";
    link.click();
  }

  function run() {
    const text = $("query") ? $("query").value.trim() : "";
    if (text && !go({page: "cypher", q: text})) setProps("attempt", {data: Date.now()});
  }

  document.addEventListener("click", (event) => {
    const el = event.target.closest && event.target.closest("[data-act], a[href]");
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target) || (el && el.closest("details.menu") === menu)) menu.open = false;
    }
    if (!el) return;
    if (el.dataset.act && acts[el.dataset.act]) { event.preventDefault(); acts[el.dataset.act](el); return; }
    const href = el.getAttribute("href") || "";
    if (!href.startsWith("?") || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const token = document.documentElement.dataset.page === "explore" ? el.dataset.token : "";
    if (token in shown.refs) select(token); else visit(href, "keep" in el.dataset);
    if (el.closest("#results")) closeSearch();
  });

  // ---- search: a list under the field, as ARIA's combobox has it
  const options = () => [...document.querySelectorAll("#results a[role=option]")];

  function closeSearch() {
    const field = $("search");
    if (!field) return;
    clearTimeout(pause);
    field.value = ""; // the property comes later: what is typed meanwhile would follow the old text
    setProps("search", {value: ""});
    setProps("wanted", {data: ""});
    field.blur();
  }

  function onSearchKey(event) {
    const list = options();
    const at = list.findIndex((el) => el.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!list.length) return;
      const next = event.key === "ArrowDown" ? (at + 1) % list.length : (at - 1 + list.length) % list.length;
      list.forEach((el, i) => el.setAttribute("aria-selected", String(i === next)));
      event.target.setAttribute("aria-activedescendant", list[next].id);
      list[next].scrollIntoView({block: "nearest"});
    } else if (event.key === "Enter" && list.length) {
      event.preventDefault();
      found = true;
      list[Math.max(at, 0)].click();
    } else if (event.key === "Escape") {
      closeSearch();
    }
  }

  function closeMenu() {
    const menu = document.querySelector("details.menu[open]");
    if (!menu) return false;
    menu.open = false;
    menu.querySelector("summary").focus();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches && event.target.matches("input, textarea, select, [contenteditable]");
    if (event.target.id === "search") return onSearchKey(event);
    if (event.target.id === "query") {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); $("search").focus(); $("search").select(); }
    else if (event.key === "f") acts.fit();
    else if (event.key === "Escape" && !closeMenu()) select("");
  });

  // ---- what Dash calls
  function arrived(params) {
    const page = document.documentElement.dataset;
    const asked = params.get("page");
    page.page = ["cypher", "check"].includes(asked) ? asked : params.get("focus") ? "explore" : "start";
    page.tab = params.get("tab") === "table" ? "table" : "graph";
    if (page.page !== "explore") drawnFocus = null;
  }

  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    explorer: {
      split: (search, view, sel) => {
        const params = query(search || "");
        const token = params.get("sel") || "";
        params.delete("sel");
        arrived(params);
        const unchanged = window.dash_clientside.no_update;
        const asked = params.toString();
        setTimeout(reselect, 0);
        return [asked === view ? unchanged : asked, token === sel ? unchanged : token];
      },
      choose: (sel, what) => {
        shown = what || shown;
        setTimeout(reselect, 0);
        return {ref: shown.refs[sel] || shown.refs[shown.focus] || "", token: sel in shown.refs ? sel : shown.focus};
      },
      drawn: (elements) => { afterDrawing((elements || []).length); return window.dash_clientside.no_update; },
      paneled: () => { setTimeout(() => { reselect(); goOn(); }, 0); return window.dash_clientside.no_update; },
      answered: (said) => {
        if (said) for (const button of document.querySelectorAll("#panel [data-act=decide]")) button.disabled = false;
        return window.dash_clientside.no_update;
      },
      typed: (text) => {
        clearTimeout(pause);
        pause = setTimeout(() => setProps("wanted", {data: text || ""}), text ? 130 : 0);
        return window.dash_clientside.no_update;
      },
      paint: (scheme, sheets) => sheets[scheme] || sheets.light,
      edit: (view) => query(view || "").get("q") || window.dash_clientside.no_update,
    },
  });

  // ---- ag-grid cells that are links to elements
  window.dashAgGridComponentFunctions = Object.assign(window.dashAgGridComponentFunctions || {}, {
    LineageLink: (props) => {
      const value = props.data[props.colDef.colId];
      if (!value || !value.ref) {
        const text = value && value.name;
        return window.React.createElement("span", null, text === null || text === undefined ? "" : String(text));
      }
      const glyph = window.React.createElement("span", {className: "glyph " + value.kind, "aria-hidden": true});
      return window.React.createElement("a", {href: "?focus=" + encodeURIComponent(value.ref), "data-token": value.token, "data-keep": "", title: value.name}, glyph, window.React.createElement("span", null, value.name));
    },
  });

  arrived(query());
  new MutationObserver(() => {
    const el = $("canvas");
    if (el && el._cyreg && el._cyreg.cy) wire(el);
    if (el && !el.dataset.scheme) { el.dataset.scheme = "set"; setProps("scheme", {data: document.documentElement.dataset.scheme}); }
  }).observe(document, {childList: true, subtree: true});
})();
