// Every curve can be seen on its ground, and neighbours can be told apart: what colours.js says of its colours is so.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const read = (name) => readFileSync(new URL(`../../src/descentry/web/static/${name}`, import.meta.url), "utf8");
const palette = (name) => read("colours.js").match(new RegExp(`const ${name} = \\[(.*?)\\]`))[1].match(/#\w{6}/g);
const grounds = [...read("theme.css").matchAll(/--ground: (#\w{6})/g)].map((found) => found[1]);

const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
const luminance = (hex) => { const [r, g, b] = channels(hex); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };

test("lines have a contrast of 3 and more on their ground (WCAG 2.2, 1.4.11)", () => {
  for (const colour of palette("LIGHT")) assert.ok(contrast(colour, grounds[0]) >= 3, `${colour} on ${grounds[0]}`);
  for (const colour of palette("DARK")) assert.ok(contrast(colour, grounds[1]) >= 3, `${colour} on ${grounds[1]}`);
});

test("text in tones has a contrast of 4.5 and more (WCAG 2.2, 1.4.3)", () => {
  const themes = read("theme.css").split("color-scheme: dark")[0].split("@media");
  for (const [i, theme] of themes.slice(0, 2).entries()) {
    for (const [, name, colour] of theme.matchAll(/--(good|attention|failing|unknown|neutral|ink|quiet): (#\w{6})/g)) {
      assert.ok(contrast(colour, grounds[i]) >= 4.5, `${name} on ${grounds[i]}`);
    }
  }
});

// Viénot, Brettel and Mollon 1999: what is left of a colour for those who lack one kind of cone.
const BLIND = { protanope: [[0.1124, 0.8876, 0], [0.1124, 0.8876, 0], [0.004, -0.004, 1]], deuteranope: [[0.2927, 0.7073, 0], [0.2927, 0.7073, 0], [-0.0223, 0.0223, 1]] };
const seen = (hex, matrix) => matrix.map((row) => row.reduce((sum, weight, i) => sum + weight * channels(hex)[i], 0));
const apart = (a, b) => {
  const lab = ([r, g, b]) => {
    const f = (t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
    const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505), y = f(0.2126 * r + 0.7152 * g + 0.0722 * b), z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  };
  const [p, q] = [lab(a), lab(b)];
  return Math.hypot(...p.map((v, i) => v - q[i]));
};

test("the first five curves are told apart by every kind of colour vision", () => {
  for (const name of ["LIGHT", "DARK"]) {
    const first = palette(name).slice(0, 5);
    for (const [who, matrix] of Object.entries(BLIND)) {
      for (let i = 0; i < first.length; i++) for (let j = 0; j < i; j++) {
        const gap = apart(seen(first[i], matrix), seen(first[j], matrix));
        assert.ok(gap > 10, `${first[j]} and ${first[i]} for a ${who}: ${gap.toFixed(1)}`);
      }
    }
  }
});
