import assert from "node:assert/strict";
import test from "node:test";
import { memory } from "../../src/descentry/web/static/chart/source.js";
import { trend } from "../../src/descentry/web/static/chart/trend.js";

const steps = Float64Array.from({ length: 10_000 }, (_, i) => i);

test("a trend knows nothing of what is to come", () => {
  const y = steps.map((i) => (i < 6000 ? 2 : 1)), other = steps.map((i) => (i < 6000 ? 2 : 9));
  const one = trend(memory(steps, y), 0, 9999, 100), two = trend(memory(steps, other), 0, 9999, 100);
  const before = [...one.x].findIndex((x) => x >= 6000);
  assert.deepEqual(one.y.slice(0, before), two.y.slice(0, before));
  assert.ok(before > 100);
});

test("after a step of the curve, half of the way is made within the half-life", () => {
  const { x, y } = trend(memory(steps, steps.map((i) => (i < 5000 ? 2 : 1))), 0, 9999, 200);
  const at = [...x].findIndex((v) => v >= 5199);
  assert.ok(Math.abs(y[at] - 1.5) < 0.06, `${y[at]}`);
});

test("one spike does not pull it, and what is not finite leaves a gap", () => {
  const y = steps.map(() => 1);
  y[2000] = 1e9;
  for (let i = 7000; i < 8000; i++) y[i] = NaN;
  const found = trend(memory(steps, y), 0, 9999, 1000);
  assert.ok([...found.y].every((v) => v !== v || v === 1));
  assert.ok([...found.x].some((v, i) => v > 7200 && v < 7800 && found.y[i] !== found.y[i]));
});

test("it is the same however far the view reaches", () => {
  const y = steps.map((i) => Math.sin(i / 300)), source = memory(steps, y);
  const wide = trend(source, 0, 9999, 100), close = trend(source, 4000, 5000, 100);
  const at = (found, x) => found.y[[...found.x].findIndex((v) => v >= x)];
  assert.ok(Math.abs(at(wide, 4500) - at(close, 4500)) < 0.08);
});
