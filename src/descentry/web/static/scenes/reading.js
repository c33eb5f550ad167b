// @ts-check
/** The quiz: recorded curves, and which of four names each of them has. */
import { makeChart } from "../chart.js";
import { getJSON } from "../api.js";
import { make } from "../dom.js";
import { phase } from "../lab/figures.js";

/** @param {HTMLElement} box */
export async function show(box) {
  const questions = await getJSON("/api/lab/quiz");
  if (!questions.length) return;
  let at = 0, right = 0;
  const title = make("h2", {}, "Quiz: curves of real trainings"), count = make("p", { className: "quiet" }), plot = make("div");
  const answers = make("div", { className: "quiz-answers" }), said = make("div", { role: "status" }), next = make("button", { type: "button", hidden: true }, "Next curve");
  const chart = makeChart(plot, { series: [], xLabel: "step", yLabel: "loss", controls: false, height: 280 });
  next.addEventListener("click", () => { at = (at + 1) % questions.length; if (!at) right = 0; put(); });
  const put = () => {
    const one = questions[at];
    count.textContent = `${at + 1} of ${questions.length}, ${right} right so far. What does this curve show?`;
    chart.update({ series: [{ name: "loss", x: one.step, y: one.loss, thick: true, colour: 0 }], phases: [], log: false, view: null });
    said.replaceChildren();
    next.hidden = true;
    answers.replaceChildren(...one.answers.map((/** @type {[string, string]} */ [id, name]) => {
      const button = make("button", { type: "button", "aria-pressed": "false" }, name);
      button.addEventListener("click", () => judge(one, id, button));
      return button;
    }));
  };
  /** @param {any} one @param {string} id @param {HTMLButtonElement} button */
  const judge = (one, id, button) => {
    const good = id === one.answer;
    right += Number(good);
    button.setAttribute("aria-pressed", "true");
    for (const other of answers.querySelectorAll("button")) other.disabled = true;
    const truth = one.answers.find((/** @type {[string, string]} */ [known]) => known === one.answer)[1];
    said.replaceChildren(make("p", { className: good ? "good" : "attention" }, good ? "✓ So it is." : `✗ It is ${truth}.`), ...one.sentences.map((/** @type {string} */ s) => make("p", {}, s)), make("p", { className: "quiet" }, `${one.title}. ${one.origin}`));
    chart.update({ phases: one.phases.map(phase) });
    next.hidden = false;
    next.focus();
  };
  box.className = "quiz";
  box.hidden = false;
  box.replaceChildren(title, count, make("div", { className: "quiz-row" }, plot, make("div", {}, answers, said, next)));
  put();
}
