// A curve of which the server has the points: what the page shows is asked for once, and what is pushed is not asked for at all.
import assert from "node:assert/strict";
import test from "node:test";
import { Remote } from "../../src/descentry/web/static/chart/remote.js";
import { Pyramid } from "../../src/descentry/web/static/pyramid.js";

const N = 100_000;

/** A server with a curve, that counts what it is asked. */
function server(y = (i) => Math.sin(i / 1000) + (i === 54_321 ? 50 : 0)) {
  const x = Float64Array.from({ length: N }, (_, i) => i), points = new Pyramid(x, x.map(y)), asked = [];
  const fetch = async (low, high, columns, scale) => {
    asked.push([low, high, columns, scale]);
    return { tile: points.tile(low ?? 0, high ?? N - 1, columns), extent: [0, N - 1], points: N };
  };
  return { fetch, asked };
}
const settled = () => new Promise((done) => setTimeout(done, 5));

test("the overview is drawn at once, and a finer tile when it has come", async () => {
  const { fetch, asked } = server(), source = new Remote(fetch);
  let better = 0;
  source.onBetter(() => { better += 1; });
  await source.start();
  assert.deepEqual(source.extent(), [0, N - 1]);
  const coarse = source.tile(50_000, 60_000, 800);
  assert.equal(Math.max(...coarse.high.filter(Number.isFinite)) > 49, true);
  await settled();
  const fine = source.tile(50_000, 60_000, 800);
  assert.ok(fine.start.length > 2 * coarse.start.length);
  assert.equal(asked.length, 2);
  assert.equal(better, 2);
});

test("a picture is as fine as its pixels and no finer, and keeps the spike", async () => {
  const { fetch } = server(), source = new Remote(fetch);
  await source.start();
  const tile = source.tile(0, N - 1, 300);
  assert.ok(tile.start.length <= 602);
  assert.ok(tile.high.some((v) => v > 49));
  assert.equal(tile.count.reduce((a, b) => a + b, 0), N);
});

test("panning a little asks for nothing new", async () => {
  const { fetch, asked } = server(), source = new Remote(fetch);
  await source.start();
  source.tile(50_000, 60_000, 800);
  await settled();
  for (let i = 0; i < 20; i++) source.tile(50_000 + 100 * i, 60_000 + 100 * i, 800);
  await settled();
  assert.equal(asked.length, 2);
});

test("asking again while an answer is on its way asks once", async () => {
  const { fetch, asked } = server(), source = new Remote(fetch);
  await source.start();
  for (let i = 0; i < 20; i++) source.tile(50_000, 60_000, 800);
  await settled();
  assert.equal(asked.length, 2);
});

test("points that are pushed are drawn behind what the server had, and the rest is not asked for again", async () => {
  const { fetch, asked } = server(), source = new Remote(fetch);
  await source.start();
  source.append([N, N + 1, N + 2], [7, NaN, 9]);
  assert.equal(source.known, N + 3);
  assert.deepEqual(source.extent(), [0, N + 2]);
  const tile = source.tile(N - 500, N + 2, 800);
  assert.equal(tile.bad.reduce((a, b) => a + b, 0), 1);
  assert.equal(tile.high[tile.high.length - 1], 9);
  await settled();
  assert.ok(asked.length <= 2);
});

test("what fails is told, and what was there is still drawn", async () => {
  const { fetch } = server(), told = [];
  let fails = false;
  const source = new Remote(async (...given) => { if (fails) throw new Error("gone"); return fetch(...given); }, (problem) => told.push(problem.message));
  await source.start();
  fails = true;
  assert.ok(source.tile(50_000, 60_000, 800).start.length > 0);
  await settled();
  assert.deepEqual(told, ["gone"]);
});

test("off the scale is at least what can be told from columns", async () => {
  const { fetch } = server(), source = new Remote(fetch);
  await source.start();
  source.tile(0, N - 1, 300);
  assert.deepEqual(source.outside(0, N - 1, -10, 10), { above: 1, below: 0, least: true });
});
