import assert from "node:assert/strict";
import test from "node:test";
import { parse, spell } from "../../src/descentry/web/static/state.js";

test("how a chart is shown goes into an address and back", () => {
  const state = { view: [1234.5, 20_000], log: { x: true, y: false }, fit: "most", trend: 300 };
  assert.deepEqual(parse(new URLSearchParams(spell(state))), state);
});

test("an address that says nothing, or nonsense, changes nothing", () => {
  assert.deepEqual(parse(new URLSearchParams("view=9,3&trend=-1&fit=all")), {});
  assert.deepEqual(parse(new URLSearchParams("view=a,b&trend=NaN")), {});
});
