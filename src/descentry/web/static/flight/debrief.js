// @ts-check
/** What is said after the landing: the score, who was beaten, and moment by moment what there was to see and to gain. */
import { byId, make } from "../dom.js";
import { number, whole } from "../format.js";

/**
 * @typedef {{tick: number, what: string, rate: number, headline: string, verdict: string, evidence: string[], horizon: number,
 *   yours: number | null, arms: Record<string, number | null>, best: string, gain: number | null, sentence: string}} Moment
 * @typedef {import("./plots.js").Ghost} Ghost
 */

const NAMES = /** @type {Record<string, string>} */ ({ hold: "hold", halve: "halve", "a third": "to a third", "a tenth": "to a tenth", double: "double", triple: "triple", "ten times": "ten times", yours: "what you did" });

/** Decades that the bars span at least. */
const LEAST = 0.1;

/** A regret in words. @param {number | null} regret */
export function inWords(regret) {
  if (regret === null) return "You crashed, and there is nothing to score.";
  const factor = 10 ** Math.abs(regret);
  const much = factor < 1.05 ? "as low as" : `${factor < 2 ? `${Math.round(100 * (factor - 1))}%` : `${number(factor, 2)} times`} ${regret > 0 ? "as high as" : "lower than"}`;
  const said = factor < 2 && regret > 0 ? `${Math.round(100 * (factor - 1))}% above` : much;
  return `Your loss is ${said} the oracle's.`;
}

/** @param {any} landed @param {boolean} practice */
export function result(landed, practice) {
  const passed = landed.passed ? "Passed." : landed.regret === null ? "" : `Not passed: the target was ${number(landed.target, 3)}.`;
  const score = landed.regret === null ? "" : `Regret ${landed.regret.toFixed(2)}. `;
  byId("result").textContent = `${score}${inWords(landed.regret)} ${passed}${practice ? " This flight was rewound, so it is practice and is not ranked." : ""}`;
}

/** Who else flew. @param {any} landed @param {Map<string, Ghost>} ghosts */
export function versus(landed, ghosts) {
  const body = byId("versus").querySelector("tbody");
  /** @param {string} name @param {number | null} loss @param {string} regret */
  const row = (name, loss, regret) => make("tr", {}, make("th", { scope: "row" }, name), make("td", { className: "n" }, loss === null ? "crashed" : number(loss, 4)), make("td", { className: "n" }, regret));
  const others = Object.entries(landed.against).map(([id, value]) => {
    const ghost = ghosts.get(id);
    const said = value === null ? (landed.regret === null ? "–" : "beaten: it crashed") : `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(/** @type {number} */ (value)).toFixed(2)}`;
    return { ghost, row: row(ghost?.title ?? id, ghost?.final ?? null, said) };
  });
  others.sort((a, b) => (a.ghost?.final ?? Infinity) - (b.ghost?.final ?? Infinity));
  body?.replaceChildren(row("you", landed.final, ""), ...others.map((other) => other.row));
  byId("versus").hidden = false;
}

/**
 * One moment; its number stands on the curve too.
 *
 * @param {Moment} moment
 * @param {number} place
 * @param {(tick: number) => void} rewind
 * @returns {HTMLLIElement}
 */
export function moment(moment, place, rewind) {
  const go = make("button", { type: "button" }, "Fly on from here");
  go.setAttribute("aria-label", `Fly on from here, step ${moment.tick}`);
  go.addEventListener("click", () => rewind(moment.tick));
  const head = make("header", {}, make("h3", {}, make("span", { className: "letter neutral" }, String(place)), ` Step ${whole(moment.tick)}: ${moment.what}`), make("span", { className: "quiet" }, `the rate was ${number(moment.rate, 3)}`), go);
  const evidence = make("div", {}, make("p", { className: "best" }, moment.sentence), make("p", { className: "quiet" }, `By then the evidence said: ${moment.headline}`));
  if (moment.evidence.length) evidence.append(make("ul", { className: "quiet" }, ...moment.evidence.map((line) => make("li", {}, line))));
  return make("li", {}, head, evidence, bars(moment));
}

/** The losses of the forks, as bars on a logarithmic scale. @param {Moment} moment */
function bars(moment) {
  const all = /** @type {[string, number | null][]} */ ([...Object.entries(moment.arms), ["yours", moment.yours]]);
  const known = all.flatMap(([, loss]) => (loss !== null && loss > 0 ? [Math.log10(loss)] : []));
  // Losses that are nearly alike are to look alike.
  const low = Math.min(...known), high = Math.max(...known, low + LEAST);
  const list = make("dl", {});
  for (const [name, loss] of all) {
    const pick = name === moment.best, bar = make("div", { className: `bar${pick ? " pick" : ""}${name === "yours" ? " yours" : ""}` });
    bar.style.width = loss === null ? "0" : `${loss > 0 ? 8 + (92 * (Math.log10(loss) - low)) / (high - low) : 8}%`;
    list.append(make("dt", { className: pick ? "pick" : "" }, NAMES[name] ?? name), make("dd", {}, loss === null ? "" : bar), make("dd", {}, loss === null ? "crash" : number(loss, 3)));
  }
  return make("div", {}, make("p", { className: "quiet" }, `loss on all the data ${moment.horizon} steps on; shorter is better`), list);
}
