// The interactive chart of a report. Reads the JSON in #data; writes text only through textContent.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const make = (tag, props = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };
  const root = document.documentElement;
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // Okabe and Ito's colours, in an order that keeps neighbours apart; beyond seven, dashes tell curves apart.
  const LIGHT = ["#0072b2", "#b8578b", "#00805c", "#c25500", "#1a8fd1", "#9a6b00", "#1d2024"];
  const DARK = ["#56b4e9", "#e39ac2", "#2fc497", "#ff8c4b", "#8fd0f5", "#e6b43c", "#e3e5e1"];
  const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3]];
  const colour = (i) => (dark() ? DARK : LIGHT)[i % 7];
  const dash = (i) => DASHES[Math.floor(i / 7) % 4];

  const whole = (v) => Math.round(v).toLocaleString("en-US");
  const number = (v, digits = 5) => {
    if (v === 0) return "0";
    const a = Math.abs(v);
    if (a >= 9999.5 && a < 1e6 && digits <= 6) return whole(v);
    const [mantissa, exponent] = (a < 1e-3 || a >= 1e6 ? v.toExponential(digits - 1) : v.toPrecision(digits)).split("e");
    const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
    return exponent === undefined ? short : `${short}e${+exponent}`;
  };
  // As many digits as tell values apart that are `gap` from each other.
  const digits = (most, gap) => (gap > 0 ? Math.min(15, Math.max(5, Math.ceil(Math.log10(most / gap)) + 2)) : 5);

  const data = JSON.parse($("data").textContent);
  for (const s of data.series) {
    let low = Infinity, high = -Infinity;
    for (const v of s.y) if (v !== null) { low = Math.min(low, v); high = Math.max(high, v); }
    s.digits = digits(Math.max(Math.abs(low), Math.abs(high)), (high - low) / 100);
  }
  const state = { log: data.log, trend: false, fan: false, range: null, hover: null, shown: data.series.map((s) => s.shown) };
  const SHORT = 2; // pixels: a phase shorter than that is an event
  const FEW = 60; // points: each is drawn as a dot too
  let chart = null;

  // -- points -----------------------------------------------------------------------------------------------
  const fanned = () => state.fan && state.shown[0];
  // The first and last step among the curves that are shown.
  let ends = [0, 1];
  function measure() {
    let low = Infinity, high = -Infinity;
    data.series.forEach((s, i) => {
      if (!state.shown[i] && state.shown.some(Boolean)) return;
      for (const x of [...s.x.slice(0, 1), ...s.x.slice(-1), ...s.holes.flatMap((h) => [h[0], h[1]])]) {
        if (x < low) low = x;
        if (x > high) high = x;
      }
    });
    // A table leaves the cells of a dead run empty: its curve may end before the phase that says so.
    for (const phase of data.phases) {
      if (phase.drawn) { low = Math.min(low, phase.start); high = Math.max(high, phase.stop); }
    }
    if (fanned()) high = Math.max(high, data.fan.x[data.fan.x.length - 1]);
    ends = high > low ? [low, high] : [low - 1, high + 1];
  }

  // uPlot wants one x for all: the steps of all curves merged, `undefined` where a curve has no point there.
  function merged(curves) {
    const at = curves.map(() => 0);
    const x = [], columns = curves.map(() => []);
    for (;;) {
      let next = Infinity;
      curves.forEach((c, i) => { if (at[i] < c.x.length && c.x[at[i]] < next) next = c.x[at[i]]; });
      if (next === Infinity) return [x, ...columns];
      x.push(next);
      curves.forEach((c, i) => {
        const here = at[i] < c.x.length && c.x[at[i]] === next;
        columns[i].push(here ? c.y[at[i]++] : undefined);
      });
    }
  }
  const below = (y) => y.reduce((n, v) => n + (v !== null && v <= 0), 0);
  // uPlot labels no axis whose numbers have more than 17 digits, so it is given exponents, or large values in a unit.
  let unit = 1;
  const drawable = (y) => (state.log ? y.map((v) => (v !== null && v <= 0 ? null : v === null ? v : Math.log10(v))) : unit === 1 ? y : y.map((v) => (v === null ? v : v / unit)));
  const meant = (v) => (state.log ? 10 ** v : v * unit);
  function measureHeight(chosen) {
    let top = 0;
    for (const { s } of chosen) if (!s.own) for (const v of s.y) top = Math.max(top, Math.abs(v));
    unit = top > 1e15 || (top > 0 && top < 1e-12) ? 10 ** Math.floor(Math.log10(top)) : 1;
  }

  function nearest(xs, x) {
    let a = 0, b = xs.length - 1;
    while (b - a > 1) { const m = (a + b) >> 1; if (xs[m] < x) a = m; else b = m; }
    return b > a && xs[b] - x < x - xs[a] ? b : a;
  }

  // -- axes -------------------------------------------------------------------------------------------------
  function linearTicks(low, high, most) {
    const rough = (high - low) / Math.max(1, most);
    if (!(rough > 0) || !isFinite(rough)) return [low];
    const power = Math.pow(10, Math.floor(Math.log10(rough)));
    const gap = [1, 2, 5, 10].map((m) => m * power).find((g) => g >= rough * 0.999999);
    const ticks = [];
    for (let i = Math.ceil(low / gap - 1e-9); i <= high / gap + 1e-9 && ticks.length < 100; i++) ticks.push(+(i * gap).toPrecision(12));
    return ticks;
  }
  // Of exponents, as the ticks are.
  function logTicks(low, high, most) {
    const first = Math.floor(low), last = Math.ceil(high), fits = (t) => t >= low - 1e-9 && t <= high + 1e-9;
    for (const multiples of [[1, 2, 5], [1, 3], [1]]) {
      const ticks = [];
      for (let e = first; e <= last; e++) for (const m of multiples) ticks.push(e + Math.log10(m));
      const inside = ticks.filter(fits);
      if (inside.length <= most && (inside.length || multiples.length === 1)) return inside;
    }
    const every = Math.ceil((last - first + 1) / most);
    const ticks = [];
    for (let e = first; e <= last; e++) if (e % every === 0 && fits(e)) ticks.push(e);
    return ticks.length ? ticks : linearTicks(10 ** low, 10 ** high, 3).filter((t) => t > 0).map(Math.log10);
  }
  function padded(log) {
    return (u, low, high) => {
      if (low === null || high === null || !isFinite(low) || !isFinite(high)) return log ? [-1, 0] : [0, 1];
      if (log) { const room = low === high ? Math.log10(2) : 0.04 * (high - low); return [low - room, high + room]; }
      const pad = (high / 2 - low / 2) * 0.1 || Math.abs(low) * 0.05 || 1;
      return [Math.max(low - pad, -Number.MAX_VALUE / 4), Math.min(high + pad, Number.MAX_VALUE / 4)];
    };
  }

  // -- phases and holes, under the curve --------------------------------------------------------------------
  function shade(u) {
    const { ctx } = u, { left, top, width, height } = u.bbox, px = devicePixelRatio;
    const place = (x) => u.valToPos(x, "x", true);
    ctx.save();
    ctx.beginPath(); ctx.rect(left, top, width, height); ctx.clip();
    for (const phase of data.phases) {
      if (!phase.drawn) continue;
      const a = place(phase.start), b = place(phase.stop), on = state.hover === phase.letter;
      if (b < left || a > left + width) continue;
      const fill = css(`--fill-${phase.tone}`);
      if (b - a < SHORT * px) {
        ctx.fillStyle = `rgba(${fill},${on ? 0.5 : 0.28})`;
        ctx.fillRect((a + b) / 2 - 2.5 * px, top, 5 * px, height);
      } else {
        ctx.fillStyle = `rgba(${fill},${on ? 0.3 : phase.tone === "neutral" ? 0.07 : 0.14})`;
        ctx.fillRect(a, top, b - a, height);
        ctx.fillStyle = `rgba(${fill},0.55)`;
        ctx.fillRect(a, top, px, height);
      }
    }
    const named = []; // where a hole says what it is: those of other curves lie over it
    data.series.forEach((s, i) => {
      if (!state.shown[i]) return;
      for (const [start, stop, kind] of s.holes) {
        const a = place(start) - px, b = Math.max(place(stop) + px, a + 3 * px);
        if (b < left || a > left + width) continue;
        ctx.strokeStyle = css("--failing"); ctx.lineWidth = px; ctx.globalAlpha = 0.6;
        ctx.save(); ctx.beginPath(); ctx.rect(a, top, b - a, height); ctx.clip(); ctx.beginPath();
        const from = Math.max(a, left) - height, to = Math.min(b, left + width);
        for (let x = from - (from % (8 * px)); x < to; x += 8 * px) { ctx.moveTo(x, top + height); ctx.lineTo(x + height, top); }
        ctx.stroke(); ctx.restore();
        ctx.globalAlpha = 1;
        const middle = (Math.max(a, left) + Math.min(b, left + width)) / 2;
        if (b - a > 60 * px && named.every((x) => Math.abs(x - middle) > 70 * px)) {
          named.push(middle);
          ctx.fillStyle = css("--failing"); ctx.font = `${12 * px}px ${css("--sans")}`; ctx.textAlign = "center";
          ctx.fillText(kind, middle, top + height - 8 * px);
        }
      }
    });
    ctx.restore();
  }

  // The band under the chart: each phase a button on the first lane that has room for it.
  function placeLanes(u) {
    const box = $("lanes"), px = devicePixelRatio, left = u.bbox.left / px, width = u.bbox.width / px;
    const rows = [];
    let used = 0;
    data.phases.forEach((phase, i) => {
      const node = box.children[i];
      let a = Math.max(0, u.valToPos(phase.start, "x")), b = Math.min(width, u.valToPos(phase.stop, "x"));
      node.hidden = !phase.drawn || b < 0 || a > width;
      if (node.hidden) return;
      if (b - a < 20) { const middle = Math.min(width - 10, Math.max(10, (a + b) / 2)); a = middle - 10; b = middle + 10; }
      let row = rows.findIndex((taken) => taken.every(([c, d]) => b <= c || a >= d));
      if (row < 0) row = rows.push([]) - 1;
      rows[row].push([a, b]);
      used = Math.max(used, row + 1);
      node.style.left = `${left + a}px`; node.style.width = `${b - a - 1}px`; node.style.top = `${row * 1.5}rem`;
      node.textContent = b - a > 16 + 7 * phase.name.length ? `${phase.letter} ${phase.name}` : phase.letter;
    });
    box.style.height = `${used * 1.5 + (used ? 0.3 : 0)}rem`;
  }
  function hover(letter) {
    if (state.hover === letter) return;
    state.hover = letter;
    for (const node of $("lanes").children) node.classList.toggle("on", node.dataset.letter === letter);
    if (chart) chart.redraw(false);
  }

  // -- what stands under the cursor ---------------------------------------------------------------------------
  // The first index whose step is at least x.
  function from(xs, x) {
    let a = 0, b = xs.length;
    while (a < b) { const m = (a + b) >> 1; if (xs[m] < x) a = m + 1; else b = m; }
    return a;
  }
  // One pixel can hold many points: then their lowest and highest are told, or a spike could not be read off.
  function reading(s, low, high, step) {
    const a = from(s.x, low), b = from(s.x, high);
    const hole = s.holes.find((h) => h[0] <= step && step <= h[1]), show = (v) => number(v, s.digits);
    if (b - a < 2) {
      if (!s.x.length || step < s.x[0] || step > s.x[s.x.length - 1]) return hole ? [hole[2], ""] : null;
      const k = nearest(s.x, step), value = s.y[k] === null ? (hole ? hole[2] : "not finite") : show(s.y[k]);
      return [value, s.x[k] === step ? "" : ` (at ${whole(s.x[k])})`];
    }
    let least = Infinity, most = -Infinity;
    for (let k = a; k < b; k++) if (s.y[k] !== null) { least = Math.min(least, s.y[k]); most = Math.max(most, s.y[k]); }
    if (least > most) return [hole ? hole[2] : "not finite", ""];
    return [least === most ? show(least) : `${show(least)} to ${show(most)}`, ""];
  }
  function readout(u) {
    const box = $("readout"), { left } = u.cursor, lead = data.series.findIndex((s, i) => state.shown[i] && s.x.length);
    if (left == null || left < 0 || lead < 0) { box.replaceChildren("\u00a0"); return; }
    const x = u.posToVal(left, "x"), half = Math.abs(u.posToVal(left + 1, "x") - x) / 2, xs = data.series[lead].x;
    const a = from(xs, x - half), b = from(xs, x + half), step = xs[nearest(xs, x)];
    const [first, last] = b - a < 2 ? [step, step] : [xs[a], xs[b - 1]];
    const parts = [`${data.stepName} `, make("b", { textContent: first === last ? whole(step) : `${whole(first)}–${whole(last)}` })];
    let said = 0;
    data.series.forEach((s, i) => {
      const read = state.shown[i] && said < 8 ? reading(s, x - half, x + half, step) : null;
      if (!read) return;
      said += 1;
      parts.push(` · ${s.name} `, make("b", { textContent: read[0] }), read[1]);
    });
    const inside = data.phases.filter((p) => p.start <= last && first <= p.stop);
    if (inside.length) parts.push(` · in ${inside.map((p) => `${p.letter} ${p.name}`).join(", ")}`);
    box.replaceChildren(...parts);
  }

  // -- the chart ----------------------------------------------------------------------------------------------
  function build() {
    const box = $("plot");
    measure();
    const chosen = data.series.map((s, i) => ({ s, i })).filter(({ i }) => state.shown[i]);
    measureHeight(chosen);
    const lines = chosen.map(({ s, i }) => ({ x: s.x, y: s.own ? s.y : drawable(s.y), s, i, over: false }));
    if (state.trend) {
      for (const { s, i } of chosen) if (s.trend && !s.own) lines.push({ x: s.trend[0], y: drawable(s.trend[1]), s, i, over: true });
    }
    const fan = fanned() ? ["high", "low", "middle"].map((end) => ({ x: data.fan.x, y: drawable(data.fan[end]), s: data.series[0], i: 0, end })) : [];
    const bands = fan.length ? [{ series: [lines.length + 1, lines.length + 2], fill: `${colour(0)}22` }] : [];
    lines.push(...fan);
    const ownLast = chosen.filter(({ s }) => s.own).pop();
    const width = Math.max(280, box.clientWidth), height = Math.round(Math.min(440, Math.max(260, width * 0.44)));
    const ink = css("--quiet"), grid = { stroke: css("--rule"), width: 1 }, ticks = { stroke: css("--rule"), width: 1, size: 5 };
    const font = `12px ${css("--sans")}`;
    const scales = { x: { time: false, min: (state.range || ends)[0], max: (state.range || ends)[1] }, y: { range: padded(state.log) } };
    for (const { s, i } of chosen) if (s.own) scales[`own${i}`] = { range: padded(false) };
    const splits = (log) => (u, axis, low, high) => {
      const most = Math.max(2, Math.floor(u.bbox.height / devicePixelRatio / 46));
      return log ? logTicks(low, high, most) : linearTicks(low, high, most);
    };
    const labels = (mean) => (u, raw) => {
      const values = raw.map(mean), many = digits(Math.max(...values.map(Math.abs)), Math.abs(values[1] - values[0]));
      return values.map((v) => number(v, state.log ? 5 : many));
    };
    const space = (u, values) => (values ? 22 + 7 * Math.max(2, ...values.map((v) => v.length)) : 50);
    const axes = [
      { stroke: ink, grid, ticks, font, splits: (u, a, low, high) => linearTicks(low, high, width / 110).filter(Number.isInteger), values: (u, v) => v.map(whole), size: 34 },
      { scale: "y", stroke: ink, grid, ticks, font, splits: splits(state.log), values: labels(meant), size: space },
    ];
    if (ownLast) axes.push({ scale: `own${ownLast.i}`, side: 1, stroke: colour(ownLast.i), grid: { show: false }, ticks, font, splits: splits(false), values: labels((v) => v), size: space });
    const series = lines.map(({ s, i, over, end }) => end ? {
      label: `${s.name}, forecast`, scale: "y", stroke: colour(i), dash: end === "middle" ? [6, 4] : [2, 3], width: end === "middle" ? 2 : 1, points: { show: false },
    } : ({
      label: s.name, scale: s.own ? `own${i}` : "y", stroke: over ? css("--ink") : colour(i), dash: over ? [] : dash(i),
      width: over ? 2 : data.kind === "report" && i === 0 ? 1.4 : 1.2, points: over ? { show: false } : { size: 4, fill: colour(i), width: 0, ...(s.x.length <= FEW ? { show: true } : {}) },
      // A hole narrower than two pixels is hatched all the same; cut out of the line, it would hide its neighbours.
      gaps: (u, k, from, to, gaps) => gaps.filter(([a, b]) => b - a > 2 * devicePixelRatio),
    }));
    if (chart) chart.destroy();
    chart = new uPlot({
      width, height, padding: [8, 14, 0, 0], legend: { show: false }, scales, axes, bands, series: [{}, ...series],
      cursor: { drag: { x: true, y: false, dist: 6 }, points: { show: false } },
      hooks: {
        drawClear: [shade],
        setCursor: [readout],
        setScale: [(u, key) => {
          if (key !== "x") return;
          const { min, max } = u.scales.x;
          state.range = min <= ends[0] && max >= ends[1] ? null : [min, max];
          placeLanes(u);
        }],
        ready: [(u) => { placeLanes(u); readout(u); }],
      },
    }, lines.length ? merged(lines) : [[...ends]], box);
    caption(chosen);
  }
  function caption(chosen) {
    const said = [];
    const thinned = chosen.filter(({ s }) => s.thinned);
    if (thinned.length) {
      said.push(`${thinned.map(({ s }) => `${s.name} has ${whole(s.points)} points and is drawn as its minimum–maximum envelope`).slice(0, 3).join("; ")}${thinned.length > 3 ? "; so are others" : ""}: every extreme and every non-finite stretch is kept, nothing is smoothed.`);
    }
    const lost = state.log ? chosen.filter(({ s }) => !s.own).reduce((n, { s }) => n + below(s.y), 0) : 0;
    if (lost) said.push(`${whole(lost)} ${lost === 1 ? "point" : "points"} at or below zero cannot be drawn on a logarithmic scale.`);
    if (state.trend) said.push("The trend is the median of each 150th part of the points, drawn over them.");
    if (fanned()) said.push("Dashed: the forecast for a run that goes on as it did, with its 90% interval for the smooth level.");
    const own = chosen.filter(({ s }) => s.own).map(({ s }) => s.name);
    if (own.length) said.push(`On ${own.length > 1 ? "scales of their own" : "a scale of its own (right)"}: ${own.join(", ")}.`);
    $("caption").textContent = `${thinned.length ? "" : `${standing} `}${said.join(" ")}`;
  }
  const standing = $("caption") ? $("caption").textContent : "";

  function zoomTo(low, high) {
    const least = Math.min(1, (ends[1] - ends[0]) / 10);
    if (high - low < least) { const middle = (low + high) / 2; low = middle - least / 2; high = middle + least / 2; }
    low = Math.max(ends[0], low); high = Math.min(ends[1], high);
    chart.setScale("x", { min: low, max: high });
  }
  function zoomBy(factor, about) {
    const { min, max } = chart.scales.x, centre = about ?? (min + max) / 2;
    zoomTo(centre - (centre - min) * factor, centre + (max - centre) * factor);
  }
  function showPhase(phase) {
    const { min, max } = chart.scales.x, margin = Math.max((phase.stop - phase.start) * 0.25, (ends[1] - ends[0]) * 0.01);
    const low = Math.max(ends[0], phase.start - margin), high = Math.min(ends[1], phase.stop + margin);
    if (Math.abs(min - low) + Math.abs(max - high) < (high - low) * 0.01) zoomTo(...ends); else zoomTo(low, high);
  }

  // -- controls -------------------------------------------------------------------------------------------------
  function controls() {
    const box = $("controls");
    const positive = data.series.some((s) => !s.own && s.y.some((v) => v !== null && v > 0));
    const radio = (text, log) => {
      const input = make("input", { type: "radio", name: "scale", checked: state.log === log, disabled: log && !positive });
      input.addEventListener("change", () => { state.log = log; build(); });
      return make("label", {}, input, text);
    };
    const scale = make("fieldset", {}, radio("linear", false), radio("logarithmic", true));
    scale.setAttribute("aria-label", "Scale of the y axis");
    box.append(scale);
    if (data.series.some((s) => s.trend && !s.own)) {
      const input = make("input", { type: "checkbox" });
      input.addEventListener("change", () => { state.trend = input.checked; build(); });
      box.append(make("label", {}, input, "trend over the points"));
    }
    if (data.fan) {
      const input = make("input", { type: "checkbox" });
      input.addEventListener("change", () => { state.fan = input.checked; state.range = null; build(); });
      box.append(make("label", {}, input, "forecast"));
    }
    const press = (text, label, act) => {
      const button = make("button", { type: "button", textContent: text });
      button.setAttribute("aria-label", label);
      button.addEventListener("click", act);
      return button;
    };
    const zoom = make("fieldset", {}, press("−", "Zoom out", () => zoomBy(2)), press("+", "Zoom in", () => zoomBy(0.5)), press("whole run", "Show the whole run", () => zoomTo(...ends)));
    zoom.setAttribute("aria-label", "Zoom");
    box.append(zoom);
    if (data.series.length > 1) {
      const list = make("fieldset", { className: data.series.length > 12 ? "series many" : "series" });
      list.setAttribute("aria-label", data.kind === "report" ? "Series" : "Runs");
      data.series.forEach((s, i) => {
        const input = make("input", { type: "checkbox", checked: state.shown[i] }), swatch = make("span", { className: "swatch" });
        swatch.dataset.index = i;
        input.addEventListener("change", () => { state.shown[i] = input.checked; build(); });
        list.append(make("label", {}, input, swatch, s.name));
      });
      box.append(list);
    }
  }
  function paintSwatches() {
    for (const node of document.querySelectorAll(".swatch")) {
      node.style.borderTopColor = colour(+node.dataset.index);
      node.style.borderTopStyle = dash(+node.dataset.index).length ? "dashed" : "solid";
    }
  }
  function lanes() {
    for (const phase of data.phases) {
      const button = make("button", { type: "button", className: `lane ${phase.tone}`, title: `${phase.letter}: ${phase.name}, ${phase.steps}` });
      button.dataset.letter = phase.letter;
      button.setAttribute("aria-label", `${phase.letter}: ${phase.name}, ${phase.steps}. Zoom to it.`);
      button.addEventListener("click", () => showPhase(phase));
      for (const [name, letter] of [["mouseenter", phase.letter], ["focus", phase.letter], ["mouseleave", null], ["blur", null]]) {
        button.addEventListener(name, () => hover(letter));
      }
      $("lanes").append(button);
    }
    for (const item of document.querySelectorAll(".story li")) {
      item.addEventListener("mouseenter", () => hover(item.dataset.letter));
      item.addEventListener("mouseleave", () => hover(null));
    }
  }
  function keys(event) {
    const { min, max } = chart.scales.x, main = data.series.findIndex((s, i) => state.shown[i] && s.x.length);
    if (event.ctrlKey || event.metaKey || event.altKey || main < 0) return;
    const xs = data.series[main].x, wide = chart.bbox.width / devicePixelRatio;
    const here = chart.cursor.left >= 0 ? chart.posToVal(chart.cursor.left, "x") : min;
    const walk = (way) => {
      // One point, or one pixel where points stand closer than that.
      const target = Math.max(Math.abs(xs[Math.min(xs.length - 1, Math.max(0, nearest(xs, here) + way))] - here), (max - min) / wide);
      const x = Math.min(max, Math.max(min, here + way * target));
      $("readout").setAttribute("aria-live", "polite");
      chart.setCursor({ left: chart.valToPos(x, "x"), top: chart.bbox.height / devicePixelRatio / 2 });
    };
    const acts = { ArrowLeft: () => walk(-1), ArrowRight: () => walk(1), "+": () => zoomBy(0.5, here), "=": () => zoomBy(0.5, here), "-": () => zoomBy(2, here), 0: () => zoomTo(...ends), Escape: () => zoomTo(...ends) };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  function theme() {
    const button = $("theme");
    const said = () => { button.textContent = dark() ? "Light" : "Dark"; button.setAttribute("aria-label", `Switch to the ${dark() ? "light" : "dark"} page`); };
    const redraw = () => { said(); if (chart) { paintSwatches(); build(); } };
    button.hidden = false;
    said();
    button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; redraw(); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    let before;
    addEventListener("beforeprint", () => { before = root.dataset.theme; root.dataset.theme = "light"; redraw(); });
    addEventListener("afterprint", () => { if (before) root.dataset.theme = before; else delete root.dataset.theme; redraw(); });
  }

  // -- the table of runs: sorted by a press on a heading ------------------------------------------------------
  function sorting() {
    const table = $("runs");
    if (!table) return;
    const body = table.tBodies[0], rows = [...body.rows];
    const key = (row, i) => {
      const text = row.cells[i].textContent.trim(), value = Number(text.replace(/,/g, ""));
      return text === "" ? null : isNaN(value) ? text : value;
    };
    [...table.tHead.rows[0].cells].forEach((cell, i) => {
      if (["Curve", "In a sentence"].includes(cell.textContent)) return;
      const button = make("button", { type: "button", textContent: cell.textContent });
      cell.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = cell.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        cell.setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
        rows.sort((r, s) => {
          const a = key(r, i), b = key(s, i);
          if (a === null || b === null) return (a === null) - (b === null);
          return down * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
        });
        body.append(...rows);
      });
    });
    // A link to a run opens it.
    const open = () => { const target = location.hash && $(location.hash.slice(1)); if (target && target.tagName === "DETAILS") target.open = true; };
    addEventListener("hashchange", open);
    open();
  }

  theme();
  sorting();
  if ($("plot") && data.series.length) {
    controls();
    paintSwatches();
    lanes();
    build();
    $("plot").addEventListener("keydown", keys);
    $("plot").addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return; // a pinch, or Ctrl with the wheel; the plain wheel scrolls the page
      event.preventDefault();
      const at = event.clientX - chart.over.getBoundingClientRect().left;
      zoomBy(event.deltaY > 0 ? 1.25 : 0.8, chart.posToVal(at, "x"));
    }, { passive: false });
    let width = $("plot").clientWidth;
    new ResizeObserver(() => { const now = $("plot").clientWidth; if (now !== width) { width = now; build(); } }).observe($("plot"));
  }
})();
