// @ts-check
/** What the pages have in common: the line at the top, how verdicts are written, and what is said when something fails. */
import { getJSON } from "./api.js";
import { dark, onTheme } from "./colours.js";
import { byId, make } from "./dom.js";

const NAMES = /** @type {Record<string, string>} */ ({ "/board": "Board", "/lab": "Lab", "/flight": "Flight simulator" });

/** @type {Record<string, {symbol: string, word: string, tone: string}>} */
export const VERDICTS = {
  healthy: { symbol: "✓", word: "Healthy", tone: "good" },
  attention: { symbol: "!", word: "Attention", tone: "attention" },
  failing: { symbol: "✗", word: "Failing", tone: "failing" },
  "not examined": { symbol: "?", word: "Not examined", tone: "unknown" },
};

/** A verdict: a word, and a symbol that needs no colour. @param {string} verdict */
export function badge(verdict) {
  const { symbol, word, tone } = VERDICTS[verdict] ?? { symbol: "?", word: verdict, tone: "unknown" };
  return make("span", { className: `badge ${tone}` }, make("span", { "aria-hidden": "true" }, symbol), ` ${word}`);
}

/** Fills the line at the top: where one is, where else one can go, and light or dark. */
export async function header() {
  const box = byId("top"), nav = make("nav", { "aria-label": "Pages" });
  const button = make("button", { type: "button", id: "theme" });
  const said = () => {
    button.textContent = dark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to the ${dark() ? "light" : "dark"} page`);
  };
  button.addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("descentry-theme", next); } catch { /* a browser that keeps nothing */ }
  });
  onTheme(said);
  said();
  box.replaceChildren(make("a", { className: "brand", href: "/" }, "descentry"), nav, make("span", { className: "quiet", id: "status", role: "status" }), button);
  const parts = await getJSON("/api/parts").catch(() => []);
  for (const path of parts.flatMap((/** @type {{pages: string[]}} */ part) => part.pages)) {
    if (!NAMES[path]) continue;
    const link = make("a", { href: path }, NAMES[path]);
    if (location.pathname === path) link.setAttribute("aria-current", "page");
    nav.append(link);
  }
}

/** Whether the page hears from the server. @param {"open" | "waiting" | "closed"} state */
export function connection(state) {
  byId("status").textContent = state === "open" ? "live" : state === "waiting" ? "the server does not answer; trying again" : "";
}

/** Says once, to those who cannot see it, that something happened. @param {string} text */
export function announce(text) {
  byId("events").textContent = text;
}

/** Shows a mistake: what, where, how. @param {unknown} problem */
export function trouble(problem) {
  const { message = String(problem), where = "", how = "" } = /** @type {any} */ (problem) ?? {};
  const box = byId("trouble");
  box.hidden = false;
  box.replaceChildren(make("strong", {}, message), ...(where ? [` (${where})`] : []), ...(how ? [make("br"), how] : []));
}

/** How long ago something was. @param {number} seconds  since the epoch */
export function ago(seconds) {
  const past = Math.max(0, Date.now() / 1000 - seconds);
  if (past < 90) return past < 10 ? "now" : `${Math.round(past)} s ago`;
  if (past < 5400) return `${Math.round(past / 60)} min ago`;
  if (past < 129_600) return `${Math.round(past / 3600)} h ago`;
  return `${Math.round(past / 86_400)} days ago`;
}
