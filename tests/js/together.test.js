import assert from "node:assert/strict";
import test from "node:test";
import { memory } from "../../src/descentry/web/static/chart/source.js";
import { seedless, together } from "../../src/descentry/web/static/chart/together.js";

const x = Float64Array.from({ length: 5000 }, (_, i) => i);

test("the band of seeds holds every point of all of them, and the line is their median", () => {
  const levels = [1, 2, 9], curves = levels.map((level) => memory(x, x.map((i) => (level === 2 && i === 3210 ? 50 : level))));
  const tile = together(curves).tile(0, 4999, 100);
  assert.ok(tile.low.every((v) => v === 1));
  assert.ok(tile.middle.every((v) => v === 2));
  assert.equal(Math.max(...tile.high), 50);
  assert.equal(tile.count.reduce((a, b) => a + b, 0), 15_000);
});

test("seeds of different lengths and paces are one curve as far as any of them goes", () => {
  const sparse = memory(x.filter((i) => i % 50 === 0), x.filter((i) => i % 50 === 0).map(() => 3)), whole = memory(x.slice(0, 2000), x.slice(0, 2000).map(() => 1));
  const both = together([sparse, whole]);
  assert.deepEqual(both.extent(), [0, 4950]);
  const tile = both.tile(0, 4950, 400);
  assert.ok(tile.start.length > 50 && tile.start.length <= 102);
  assert.equal(tile.high[1], 3);
  assert.equal(tile.low[tile.start.length - 1], 3);
});

test("names lose their seeds and nothing else", () => {
  assert.deepEqual(["adam-seed3", "adam_s12", "adam seed=4", "adam", "lr-0.1", "resnet50", "seed-7"].map(seedless), ["adam", "adam", "adam", "adam", "lr-0.1", "resnet50", "seed-7"]);
});
