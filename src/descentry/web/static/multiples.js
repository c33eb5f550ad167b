// @ts-check
/**
 * What was measured beside the curve, each on a scale of its own below it, with the same steps.
 *
 * @typedef {any} Series  as the server tells it
 */
import { getColumns } from "./api.js";
import { makeChart } from "./chart.js";
import { memory } from "./chart/source.js";
import { make } from "./dom.js";
import { address, called } from "./runs.js";
import { trouble } from "./site.js";
import { each } from "./state.js";

const MANY = 14;
/** What matters most comes first: how far, how steep, how big a step, how close to the edge, how noisy. @type {[RegExp, string][]} */
const FIRST = [
  [/^(learning[-_ ]?rate|lr)([-_/.].*)?$/i, "learning rate"],
  [/^(gradient|grad)[-_ ]?norm$/i, "gradient norm"],
  [/^update[-_ ]?ratio$/i, "update ratio"],
  [/^sharpness\/stability$/i, "η·sharpness"],
  [/^noise[-_ ]?scale$/i, "gradient noise scale"],
];
const EDGE = [{ y: 2, name: "2: the edge of stability" }];

/** @param {Series} s */
const rank = (s) => { const at = FIRST.findIndex(([name]) => name.test(s.key)); return at < 0 ? FIRST.length : at; };

/** Which series are shown at first: what the address says, or the one of each kind that matters. @param {any} run @param {string | null} said */
export function chosenFirst(run, said) {
  if (said !== null) return new Set(each(said));
  const found = FIRST.flatMap(([name]) => run.series.find((/** @type {Series} */ s) => name.test(s.key) && s.points && !s.error_of)?.key ?? []);
  return new Set([...found, ...(product(run) ? [DERIVED] : [])]);
}

const DERIVED = "η·sharpness";

/** The rate and the sharpness, where their product was not measured. @param {any} run */
function product(run) {
  const named = (/** @type {RegExp} */ name) => run.series.find((/** @type {Series} */ s) => name.test(s.key) && s.points);
  const rate = named(FIRST[0][0]), sharpness = named(/^sharpness$/i);
  return rate && sharpness && !named(FIRST[3][0]) ? { rate, sharpness } : null;
}

/**
 * @param {object} given
 * @param {any} given.run
 * @param {HTMLElement} given.box
 * @param {HTMLElement} given.choice
 * @param {(key: string) => import("./chart/remote.js").Remote} given.source
 * @param {Set<string>} given.chosen
 * @param {Set<string>} given.over  what is drawn over the main curve already
 * @param {(charts: import("./chart.js").Chart[]) => void} given.link
 * @param {() => void} given.changed
 */
export function multiples({ run, box, choice, source, chosen, over, link, changed }) {
  /** @type {Map<string, import("./chart.js").Chart>} */
  const drawn = new Map();
  let told = run;

  /** The product at the steps where the sharpness was read. @param {{rate: Series, sharpness: Series}} of */
  async function derived({ rate, sharpness }) {
    const [a, b] = await Promise.all([rate, sharpness].map((s) => getColumns(`${address(told.summary.id)}/points?series=${encodeURIComponent(s.key)}`)));
    let i = 0;
    const eta = b.columns.step.map((step) => { while (i + 1 < a.columns.step.length && a.columns.step[i + 1] <= step) i += 1; return a.columns.value[i]; });
    return memory(b.columns.step, b.columns.value.map((value, k) => value * eta[k]));
  }

  function offered() {
    const main = told.series.find((/** @type {Series} */ s) => s.main);
    const list = told.series.filter((/** @type {Series} */ s) => s.points && !s.error_of && !over.has(s.key) && s.step_name === main?.step_name)
      .sort((/** @type {Series} */ a, /** @type {Series} */ b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
    const of = product(told);
    return of ? [...list, { key: DERIVED, name: DERIVED, of }] : list;
  }

  /** @param {Series} s @param {HTMLElement} place */
  async function one(s, place) {
    const title = FIRST[rank(s)]?.[1] ?? called(told, s), batch = Number(told.report.run.config?.batch_size);
    const bounds = s.of || /stability$/.test(s.key) ? EDGE : /noise[-_ ]?scale/i.test(s.key) && batch > 0 ? [{ y: batch, name: `batch size ${batch}` }] : [];
    const from = s.of ? await derived(s.of) : source(s.key);
    if (!chosen.has(s.key) || drawn.has(s.key)) return;
    const named = s.unit && s.unit !== "" ? `${title} (${s.unit})` : title;
    drawn.set(s.key, makeChart(place, { series: [{ name: named, source: from, colour: 6 }], xLabel: s.step_name ?? s.of?.rate.step_name, yLabel: named, bounds, compact: true }));
    link([...drawn.values()]);
  }

  function draw() {
    const list = offered(), focus = choice.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement)?.dataset.key : undefined;
    const set = make("fieldset", { "aria-label": "Measured beside it", className: list.length > MANY ? "many" : "" });
    for (const s of list) {
      const input = make("input", { type: "checkbox", checked: chosen.has(s.key) });
      input.dataset.key = s.key;
      input.addEventListener("change", () => {
        if (input.checked) chosen.add(s.key);
        else { chosen.delete(s.key); drawn.get(s.key)?.destroy(); drawn.delete(s.key); }
        draw();
        changed();
      });
      set.append(make("label", {}, input, s.of ? s.name : called(told, s)));
      if (s.key === focus) queueMicrotask(() => input.focus());
    }
    choice.replaceChildren(...(list.length ? ["Below it:", set] : []));
    const places = new Map([...box.children].map((node) => [/** @type {HTMLElement} */ (node).dataset.key, /** @type {HTMLElement} */ (node)]));
    box.replaceChildren(...list.filter((/** @type {Series} */ s) => chosen.has(s.key)).map((/** @type {Series} */ s) => {
      const place = places.get(s.key) ?? make("div");
      place.dataset.key = s.key;
      if (!drawn.has(s.key)) one(s, place).catch(trouble);
      return place;
    }));
    link([...drawn.values()]);
  }
  draw();

  return {
    draw,
    shown: () => [...chosen],
    /** @param {any} next */
    update(next) {
      const before = JSON.stringify(offered().map((/** @type {Series} */ s) => s.key));
      told = next;
      if (JSON.stringify(offered().map((/** @type {Series} */ s) => s.key)) !== before) draw();
    },
    /** @param {string} key @param {Float64Array} x @param {Float64Array} y @returns {boolean} */
    append(key, x, y) {
      const chart = drawn.get(key);
      chart?.append(0, x, y);
      return Boolean(chart);
    },
  };
}
