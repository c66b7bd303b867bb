// The explorer: true rank against estimated rank, drawn from the data in the page; without scripts it stays hidden.
(() => {
  const holder = document.getElementById("explorer-data");
  if (!holder) return;
  const data = JSON.parse(holder.textContent);
  const $ = (id) => document.getElementById(id);
  const [canvas, card, choice, colour, property, low, high, words] =
    ["explorer-plot", "explorer-card", "explorer-estimator", "explorer-colour", "explorer-property", "explorer-low",
      "explorer-high", "explorer-words"].map($);
  const context = canvas.getContext("2d");
  const names = Object.keys(data.estimators);
  const CATEGORIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999"];
  const SEQUENCE = [[0, 32, 81], [87, 93, 109], [160, 150, 118], [222, 208, 88], [253, 234, 69]]; // cividis
  const DIVERGING = [[84, 39, 136], [178, 171, 210], [200, 200, 200], [253, 184, 99], [179, 88, 6]]; // PuOr
  const number = (v, d = 4) => (v === null || v === undefined ? "–" : String(+v.toPrecision(d)).replace("-", "−"));
  let shown = [], spots = [], hot = -1, pinned = -1;

  const add = (select, value, label) => {
    const option = document.createElement("option");
    option.value = value;
    option.textContent = label;
    select.append(option);
  };
  names.forEach((name) => add(choice, name, name));
  choice.value = choice.dataset.first in data.estimators ? choice.dataset.first : names[0];
  add(colour, "excess", "excess: brown over-ranked, violet under-ranked");
  for (const name of Object.keys(data.properties)) {
    add(colour, `p:${name}`, name.replaceAll("_", " "));
    add(property, name, name.replaceAll("_", " "));
  }
  (data.places || []).forEach(([options], i) => {
    if (options.length <= CATEGORIES.length) add(colour, `w:${i}`, `operation at position ${i + 1}`);
  });

  const mix = (stops, t) => {
    const x = Math.max(0, Math.min(1, t)) * (stops.length - 1), i = Math.min(stops.length - 2, Math.floor(x));
    return `rgb(${stops[i].map((a, k) => Math.round(a + (x - i) * (stops[i + 1][k] - a))).join()})`;
  };
  function painter() {
    const [kind, name] = colour.value.split(":");
    if (kind === "w") {
      const [options, codes] = data.places[+name];
      return [(i) => CATEGORIES[codes[i]], options.map((o, k) => [CATEGORIES[k], o])];
    }
    const values = kind === "p" ? data.properties[name] : data.estimators[choice.value].excess;
    const known = values.filter((v) => v !== null), most = Math.max(1e-9, ...known.map(Math.abs));
    const [a, b] = kind === "p" ? [Math.min(...known), Math.max(...known)] : [-most, most];
    const stops = kind === "p" ? SEQUENCE : DIVERGING;
    const tone = (v) => (v === null ? "#dddddd" : mix(stops, b > a ? (v - a) / (b - a) : 0.5));
    return [(i) => tone(values[i]), [a, (a + b) / 2, b].map((v) => [tone(v), kind === "p" ? number(v) : `${number(100 * v, 2)}%`])];
  }

  function kept(i) {
    if (data.estimators[choice.value].rank[i] === null) return false;
    const v = (data.properties[property.value] || [])[i];
    if (low.value !== "" && !(v !== null && v >= +low.value)) return false;
    if (high.value !== "" && !(v !== null && v <= +high.value)) return false;
    return words.value.trim().toLowerCase().split(/\s+/).every((w) => data.archs[i].toLowerCase().includes(w));
  }

  function draw() {
    const width = canvas.clientWidth, ratio = window.devicePixelRatio || 1, pad = 34;
    canvas.width = canvas.height = width * ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, width);
    const side = width - pad - 8, e = data.estimators[choice.value];
    const at = (i) => [pad + (side * (e.truth_rank[i] - 0.5)) / e.n, 8 + side * (1 - (e.rank[i] - 0.5) / e.n)];
    context.strokeStyle = "#b8bec6";
    context.strokeRect(pad, 8, side, side);
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(pad, 8 + side);
    context.lineTo(pad + side, 8);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = "#5b636e";
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillText("true rank (1 = best)", pad + side / 2, width - 8);
    context.save();
    context.translate(12, 8 + side / 2);
    context.rotate(-Math.PI / 2);
    context.fillText("estimated rank (1 = best)", 0, 0);
    context.restore();
    const [tone] = painter();
    spots = shown.map((i) => [...at(i), i]);
    for (const [x, y, i] of spots) {
      context.globalAlpha = 0.75;
      context.fillStyle = tone(i);
      context.beginPath();
      context.arc(x, y, shown.length > 800 ? 2.6 : 3.6, 0, 7);
      context.fill();
    }
    context.globalAlpha = 1;
    const marked = hot >= 0 ? hot : pinned, spot = spots.find((s) => s[2] === marked);
    if (spot) {
      context.strokeStyle = "#000";
      context.lineWidth = 2;
      context.beginPath();
      context.arc(spot[0], spot[1], 6, 0, 7);
      context.stroke();
      context.lineWidth = 1;
    }
  }

  const svg = (name, attributes, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  function cell({ v, e }) {
    const picture = svg("svg", { viewBox: "0 0 260 150", role: "img", "aria-label": "the architecture" });
    const last = Math.max(1, v.length - 1), x = (k) => 18 + (224 * k) / last, repeats = {};
    if (e.some((edge) => typeof edge[2] === "string" && edge[2] !== "")) { // a stack of blocks
      const text = `${e.length / 2} × ${e[0][2]}`;
      picture.append(svg("rect", { x: 20, y: 45, width: 220, height: 60, fill: "none", stroke: "#0072b2" }),
        svg("text", { x: 130, y: 80, "text-anchor": "middle", "font-size": 15 }, text));
      return picture;
    }
    for (const [s, t, op, dead] of e) {
      const key = `${s},${t}`, again = (repeats[key] = (repeats[key] ?? -1) + 1), span = t - s;
      const rise = (span === 1 ? 0 : (95 * (span - 0.6)) / (last - 0.6 || 1)) * (span % 2 ? 1 : -1) + 16 * again;
      const [, ink, dash] = op === "" ? ["", "#737373", []] : data.strokes[op];
      picture.append(svg("path", { d: `M${x(s)},75 Q${(x(s) + x(t)) / 2},${75 - rise} ${x(t)},75`, fill: "none",
        stroke: ink, "stroke-width": dead ? 1.2 : 2.6, "stroke-opacity": dead ? 0.35 : 1,
        "stroke-dasharray": dash.join(" ") }));
    }
    v.forEach((label, k) => {
      const op = typeof label === "number";
      picture.append(svg("circle", { cx: x(k), cy: 75, r: 10, fill: op ? data.strokes[label][1] : "#fff", stroke: "#555" }));
      if (!op) picture.append(svg("text", { x: x(k), y: 79, "text-anchor": "middle", "font-size": 10 }, label.slice(0, 3)));
    });
    return picture;
  }

  function describe(i) {
    card.replaceChildren();
    const line = (tag, text) => card.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
    if (i < 0) {
      line("p", `${shown.length.toLocaleString("en")} of ${data.n.toLocaleString("en")} architectures shown. ` +
        "Hover over a point for its architecture and scores; click to pin it.");
      for (const [tone, label] of painter()[1]) {
        const entry = line("p", label);
        entry.className = "swatch";
        entry.style.setProperty("--tone", tone);
      }
      return;
    }
    line("p", data.archs[i]).className = "arch";
    (data.graphs ? data.graphs[i] : []).forEach((g) => card.append(cell(g)));
    const used = new Set((data.graphs ? data.graphs[i] : []).flatMap((g) => [...g.e.map((e) => e[2]), ...g.v]));
    (data.strokes || []).forEach(([name, ink], k) => {
      if (!used.has(k)) return;
      const entry = line("p", name);
      entry.className = "swatch";
      entry.style.setProperty("--tone", ink);
    });
    line("p", `${data.is_fraction ? `accuracy ${(100 * data.accuracy[i]).toFixed(2)}%` : `value ${number(data.accuracy[i], 6)}`}, true rank ${number(data.truth_rank[i], 9)} of ${data.n}`);
    line("p", Object.entries(data.properties).map(([k, p]) => `${k.replaceAll("_", " ")} ${number(p[i], 6)}`).join(" · "))
      .className = "small";
    const table = card.appendChild(document.createElement("table"));
    const row = (tag, cells) => {
      const tr = table.appendChild(document.createElement("tr"));
      cells.forEach((text) => tr.appendChild(Object.assign(document.createElement(tag), { textContent: text })));
    };
    row("th", ["estimator", "score", "rank", "excess"]);
    for (const name of names) {
      const e = data.estimators[name];
      row("td", [name, number(e.score[i]), number(e.rank[i], 9), e.excess[i] === null ? "–" : number(100 * e.excess[i], 3) + "%"]);
    }
  }

  function update() {
    shown = data.archs.map((_, i) => i).filter(kept);
    if (!shown.includes(pinned)) pinned = -1;
    draw();
    describe(pinned);
  }
  const nearest = (event) => {
    const box = canvas.getBoundingClientRect(), [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let best = -1, distance = 15 ** 2;
    for (const [x, y, i] of spots) {
      const d = (x - px) ** 2 + (y - py) ** 2;
      if (d < distance) [best, distance] = [i, d];
    }
    return best;
  };
  const point = (i) => {
    if (i === hot) return;
    hot = i;
    draw();
    describe(hot >= 0 ? hot : pinned);
  };
  canvas.addEventListener("pointermove", (event) => point(nearest(event)));
  canvas.addEventListener("pointerleave", () => point(-1));
  canvas.addEventListener("click", (event) => {
    pinned = nearest(event);
    hot = -1;
    draw();
    describe(pinned);
  });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !shown.length) return;
    event.preventDefault();
    const order = [...shown].sort((a, b) => data.truth_rank[a] - data.truth_rank[b]);
    pinned = order[(order.indexOf(pinned) + step + order.length) % order.length];
    draw();
    describe(pinned);
  });
  for (const control of [choice, colour, property, low, high, words]) control.addEventListener("input", update);
  window.addEventListener("resize", draw);
  $("explorer").hidden = false;
  update();
})();
