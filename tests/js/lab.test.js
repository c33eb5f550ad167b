import assert from "node:assert/strict";
import test from "node:test";
import { levels, lines, rank } from "../../src/descentry/web/static/lab/contours.js";
import { spoken, toPlace, toValue, visible } from "../../src/descentry/web/static/lab/controls.js";
import { resolve } from "../../src/descentry/web/static/lab/pictures.js";
import { parse } from "../../src/descentry/web/static/lab/prose.js";

/** @param {number} side @param {(x: number, y: number) => number} f */
const grid = (side, f) => Float64Array.from({ length: side * side }, (_, i) => f(i % side, Math.floor(i / side)));

test("a contour of a cone is a circle", () => {
  const middle = 20, cone = grid(41, (x, y) => Math.hypot(x - middle, y - middle)), pieces = lines(cone, 41, 12.3);
  assert.ok(pieces.length > 60);
  for (const [x1, y1, x2, y2] of pieces) {
    assert.ok(Math.abs(Math.hypot(x1 - middle, y1 - middle) - 12.3) < 0.05);
    assert.ok(Math.hypot(x2 - x1, y2 - y1) < 1.5);
  }
});

test("contours of a saddle do not cross", () => {
  const saddle = grid(2, (x, y) => (x === y ? 1 : 0));
  assert.equal(lines(saddle, 2, 0.6).length, 2);
  assert.equal(lines(saddle, 2, 0.4).length, 2);
  assert.notDeepEqual(lines(saddle, 2, 0.6), lines(saddle, 2, 0.4));
});

test("ground that is not finite has no contours, and spoils none", () => {
  const half = grid(11, (x) => (x > 5 ? NaN : x)), found = levels(half, 4);
  assert.ok(found.length >= 2 && found.every(Number.isFinite));
  assert.ok(lines(half, 11, 2.5).every((piece) => piece.every(Number.isFinite)));
  assert.deepEqual(levels(new Float64Array(4).fill(NaN)), []);
  assert.deepEqual(levels(new Float64Array(4).fill(7)), []);
  assert.equal(rank([1, 2, 3], NaN), 1);
});

test("levels share the ground evenly, however steep its walls", () => {
  const steep = grid(51, (x, y) => 100 * (y - x * x) ** 2), found = levels(steep, 10);
  for (const [i, level] of found.entries()) {
    const below = steep.filter((v) => v < level).length / steep.length;
    assert.ok(Math.abs(below - (i + 0.5) / 10) < 0.02);
  }
});

const RATE = { kind: /** @type {const} */ ("slider"), id: "rate", title: "Rate", low: 1e-4, high: 10, default: 0.1, log: true };

test("a slider gives back where it was put, in three digits", () => {
  for (const value of [1e-4, 0.00123, 0.1, 9.99, 10]) {
    const back = toValue(RATE, toPlace(RATE, value));
    assert.ok(Math.abs(back / value - 1) < 0.012, `${value} became ${back}`);
  }
  assert.equal(toValue(RATE, 0), 1e-4);
  assert.equal(toValue(RATE, 1000), 10);
  const steps = { ...RATE, low: 50, high: 1000, whole: true };
  assert.ok(Number.isInteger(toValue(steps, 333)));
});

test("a control is there only where those that it depends on say so", () => {
  const start = { kind: /** @type {const} */ ("choice"), id: "start", title: "Start", default: "usual", only_if: /** @type {[string, any[]]} */ (["ground", ["own"]]) };
  const x = { ...RATE, id: "x", only_if: /** @type {[string, any[]]} */ (["start", ["chosen"]]) }, ground = { ...start, id: "ground", only_if: null };
  const all = [ground, start, x];
  assert.ok(visible(all, x, { ground: "own", start: "chosen" }));
  assert.ok(!visible(all, x, { ground: "bowl", start: "chosen" }));
  assert.ok(!visible(all, x, { ground: "own", start: "usual" }));
  assert.equal(spoken({ ...start, options: [["own", "your own"]] }, "own"), "your own");
});

test("arrays are put back where a picture refers to them", () => {
  const a = new Float64Array([1, NaN]);
  assert.deepEqual(resolve({ lines: [{ y: { $: "0" } }], name: "x", none: null }, { 0: a }), { lines: [{ y: a }], name: "x", none: null });
});

test("a page is taken apart at its headings", () => {
  const { lead, sections } = parse("One line.\n\n## The idea\n\nFirst\nparagraph.\n\nSecond.\n\n## Sources\n\nNone.\n");
  assert.equal(lead, "One line.");
  assert.deepEqual(sections, [{ title: "The idea", paragraphs: ["First paragraph.", "Second."] }, { title: "Sources", paragraphs: ["None."] }]);
});
