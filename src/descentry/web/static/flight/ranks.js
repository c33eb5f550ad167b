// @ts-check
/** The leaderboard, and flights in files. */
import { getJSON } from "../api.js";
import { byId, make } from "../dom.js";
import { number } from "../format.js";
import { ago } from "../site.js";

/** Shows the best flights of a level and seed. @param {string} level @param {number} seed @param {(flight: number) => void} race */
export async function ranks(level, seed, race) {
  const rows = await getJSON(`/api/flight/top?level=${encodeURIComponent(level)}&seed=${seed}`);
  const body = byId("ranks").querySelector("tbody");
  body?.replaceChildren(
    ...rows.map((/** @type {any} */ row, /** @type {number} */ i) => {
      const button = make("button", { type: "button", "aria-label": `Race ${row.name}` }, "Race");
      button.addEventListener("click", () => race(row.id));
      return make(
        "tr", {},
        make("td", { className: "n" }, String(i + 1)), make("th", { scope: "row" }, row.name), make("td", { className: "n" }, row.regret.toFixed(3)),
        make("td", { className: "n" }, number(row.final, 4)), make("td", {}, ago(row.landed)), make("td", {}, button),
      );
    }),
  );
  byId("ranks").hidden = !rows.length;
  byId("nobody").hidden = rows.length > 0;
}

/** Offers a log as a file. @param {any} log */
export function save(log) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(log, null, 1)], { type: "application/json" }));
  const link = make("a", { href: url, download: `flight-${log.level}-${log.seed}.json` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

const LARGEST = 60_000; // characters: what the server takes in one message

/** Reads a log from a file. @param {File} file @returns {Promise<any>} */
export async function open(file) {
  const text = file.size <= LARGEST ? await file.text() : "";
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("this file holds no flight");
  }
}
