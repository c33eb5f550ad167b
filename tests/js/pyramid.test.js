// What a picture is drawn from holds every extreme and every value that is not finite, at any zoom.
import assert from "node:assert/strict";
import test from "node:test";
import { Pyramid } from "../../src/descentry/web/static/pyramid.js";

/** Numbers from 0 to 1, the same each time. */
function noise(seed = 7) {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

function curve(n, spikes = 12) {
  const next = noise(), x = Float64Array.from({ length: n }, (_, i) => i);
  const y = x.map((i) => Math.exp(-i / n) + 0.1 * next());
  const at = Array.from({ length: spikes }, (_, k) => Math.floor(((k + 0.37) * n) / spikes));
  for (const i of at) y[i] = 50 + i / n;
  return { x, y, at };
}

test("12 of 12 spikes are highest values of columns at every zoom", () => {
  const n = 20_000, { x, y, at } = curve(n), pyramid = new Pyramid(x, y);
  for (const columns of [100, 333, 1000]) {
    for (let zoom = 1; zoom <= 512; zoom *= 2) {
      for (let part = 0; part < zoom; part += Math.ceil(zoom / 16)) {
        const low = (part * n) / zoom, high = ((part + 1) * n) / zoom, tile = pyramid.tile(low, high, columns);
        const wanted = at.filter((i) => i >= low && i <= high);
        for (const i of wanted) assert.ok([...tile.high].includes(y[i]), `the spike at ${i}, zoom ${zoom}`);
      }
    }
  }
});

test("a column's ends, count and extremes are those of its points", () => {
  const { x, y } = curve(5003);
  y[100] = NaN; y[2000] = Infinity; y[2001] = -Infinity;
  for (let i = 3000; i < 3200; i++) y[i] = NaN;
  const pyramid = new Pyramid(x, y);
  for (const columns of [7, 50, 300]) {
    const tile = pyramid.tile(0, 5002, columns);
    let seen = 0;
    tile.start.forEach((start, c) => {
      const inside = y.slice(start, tile.stop[c] + 1), finite = inside.filter(Number.isFinite);
      assert.equal(tile.count[c], inside.length);
      assert.equal(tile.bad[c], inside.length - finite.length);
      assert.equal(tile.low[c], finite.length ? Math.min(...finite) : NaN);
      assert.equal(tile.high[c], finite.length ? Math.max(...finite) : NaN);
      assert.ok(!finite.length || (tile.middle[c] >= tile.low[c] && tile.middle[c] <= tile.high[c]));
      seen += tile.count[c];
    });
    assert.equal(seen, 5003);
    assert.equal(tile.kind.reduce((a, b) => a | b, 0), 7);
  }
});

test("few points are given one by one, with one more on either side", () => {
  const tile = new Pyramid([0, 1, 2, 3, 4, 5, 6], [3, 1, NaN, 4, 1, 5, 9]).tile(2, 4, 100);
  assert.equal(tile.exact, true);
  assert.deepEqual([...tile.start], [1, 2, 3, 4, 5]);
  assert.deepEqual([...tile.middle], [1, NaN, 4, 1, 5]);
});

test("the middle of a long column is close to its median", () => {
  const next = noise(3), n = 65_536, y = Float64Array.from({ length: n }, () => next() ** 3);
  const tile = new Pyramid(y.map((_, i) => i), y).tile(0, n - 1, 8);
  for (let c = 0; c < tile.start.length; c++) {
    if (tile.count[c] > 1000) assert.ok(Math.abs(tile.middle[c] - 0.125) < 0.03, `${tile.middle[c]}`);
  }
});

test("points that are appended one by one give what they give all at once", () => {
  const { x, y } = curve(3000), grown = new Pyramid(), whole = new Pyramid(x, y);
  for (let i = 0; i < 3000; i++) grown.append([x[i]], [y[i]]);
  for (const columns of [1, 5, 90]) for (const [low, high] of [[0, 2999], [17, 1800], [2500, 2999]]) assert.deepEqual(grown.tile(low, high, columns), whole.tile(low, high, columns));
});

test("a resume replaces what was there from its first step on", () => {
  const pyramid = new Pyramid([0, 1, 2, 3, 4, 5], [9, 8, 7, 60, 50, 40]);
  pyramid.append([3, 4], [6, 5]);
  assert.deepEqual([...pyramid.x], [0, 1, 2, 3, 4]);
  assert.deepEqual([...pyramid.y], [9, 8, 7, 6, 5]);
  assert.equal(Math.max(...pyramid.tile(0, 4, 1).high), 9);
});

test("points out of order are sorted", () => {
  assert.deepEqual([...new Pyramid([3, 1, 2], [30, 10, 20]).y], [10, 20, 30]);
});

test("points without a place are left out", () => {
  assert.deepEqual([...new Pyramid([0, NaN, 2, Infinity], [1, 2, 3, 4]).y], [1, 3]);
});

test("what lies off a scale is counted exactly", () => {
  const { x, y } = curve(10_000);
  y[5] = NaN; y[6] = Infinity; y[7] = -3;
  const pyramid = new Pyramid(x, y);
  assert.deepEqual(pyramid.outside(0, 9999, -1, 10), { above: 12, below: 1 });
  const bottom = 0.6, low = 1234, high = 7777, part = [...y.slice(low, high + 1)];
  assert.equal(pyramid.outside(low, high, bottom, 10).below, part.filter((v) => v < bottom).length);
});

test("columns move with what is in view and do not change", () => {
  const { x, y } = curve(100_000), pyramid = new Pyramid(x, y);
  const one = pyramid.tile(1000, 51_000, 500), two = pyramid.tile(1100, 51_100, 500);
  const starts = new Set(one.start.slice(2, -2));
  assert.ok([...two.start.slice(2, -2)].filter((s) => starts.has(s)).length > 480);
});

test("columns may be equal on a logarithmic axis", () => {
  const { x, y } = curve(100_000), tile = new Pyramid(x.map((i) => i + 1), y).tile(1, 100_000, 50, Math.log10, (at) => 10 ** at);
  const wide = [...tile.start].map((s, i) => Math.log10(tile.stop[i] + 1) - Math.log10(s)).slice(20, -1);
  assert.ok(Math.max(...wide) < 0.2 && tile.start.length > 30);
});

for (const [x, y] of [[[], []], [[5], [1]], [[5], [NaN]], [[1, 1, 1], [1, 2, 3]], [[0, 1], [1.7e308, -1.7e308]], [[-1e9, 1e9], [0, 0]]]) {
  test(`any points can be asked for: ${JSON.stringify(x)} ${JSON.stringify(y)}`, () => {
    const pyramid = new Pyramid(x, y);
    assert.equal(pyramid.tile(-10, 10, 3).start.length <= x.length, true);
    pyramid.outside(-10, 10, 0, 1);
  });
}

test("as many x as y are needed", () => assert.throws(() => new Pyramid([1, 2], [1]), RangeError));

test("points that come one by one make the same pyramid as all at once", () => {
  const { x, y } = curve(700, 5);
  y[3] = NaN;
  const grown = new Pyramid([], []);
  for (let n = 1; n <= x.length; n++) {
    grown.append([x[n - 1]], [y[n - 1]]);
    const whole = new Pyramid(x.slice(0, n), y.slice(0, n));
    assert.deepEqual(grown.tile(0, n, 20), whole.tile(0, n, 20), `${n} points`);
    assert.deepEqual(grown.outside(0, n, 0.5, 2), whole.outside(0, n, 0.5, 2), `${n} points`);
  }
});
