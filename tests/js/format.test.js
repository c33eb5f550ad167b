import assert from "node:assert/strict";
import test from "node:test";
import { digitsFor, linearTicks, logTicks, number, place } from "../../src/descentry/web/static/format.js";

test("numbers are short, and none is lost", () => {
  const told = [0, 1, 0.1 + 0.2, 12345, 1234567, 1.5e-7, -0.00123, NaN, Infinity, -Infinity].map((v) => number(v));
  assert.deepEqual(told, ["0", "1", "0.3", "12,345", "1.2346e6", "1.5e-7", "-0.00123", "NaN", "inf", "−inf"]);
  assert.deepEqual([number(1000), number(1234.5), number(10_000)], ["1,000", "1234.5", "10,000"]);
  assert.deepEqual([place(12000), place(0.25)], ["12,000", "0.25"]);
});

test("digits tell values apart that lie close together", () => {
  assert.equal(number(1.0000012, digitsFor(1, 1e-7)), "1.0000012");
});

test("ticks of a linear axis are round, few, and inside", () => {
  assert.deepEqual(linearTicks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(linearTicks(0.13, 0.37, 3), [0.2, 0.3]);
  assert.deepEqual(linearTicks(3, 3, 5), [3]);
});

test("ticks of a logarithmic axis are exponents: of 1, 2, 5 where there is room, of every so many decades where there is none", () => {
  assert.deepEqual(logTicks(-1, 0, 6).map((t) => +(10 ** t).toPrecision(3)), [0.1, 0.2, 0.5, 1]);
  assert.deepEqual(logTicks(-8, 8, 5), [-8, -4, 0, 4, 8]);
  assert.ok(logTicks(0.301, 0.302, 5).length >= 1);
});
