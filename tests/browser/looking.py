"""What a test sees of a page: ink on its canvases, and what keeps people from using it."""

from pathlib import Path

AXE = Path(__file__).parent / "vendor" / "axe.min.js"

# Columns of a canvas in which something is drawn that is neither grey nor pale, between two heights of it.
_INK = """(canvas, [top, bottom]) => {
  const { width, height } = canvas, data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const inked = [];
  for (let x = 0; x < width; x++) {
    for (let y = Math.floor(top * height); y < bottom * height; y++) {
      const i = 4 * (y * width + x), [r, g, b, a] = data.subarray(i, i + 4);
      if (a > 100 && Math.max(r, g, b) - Math.min(r, g, b) > 60) { inked.push(x); break; }
    }
  }
  return inked;
}"""


def ink(canvas, top=0.0, bottom=1.0):
    """The columns of a canvas with colour in them, between two heights: 0 is its top, 1 its bottom."""
    return canvas.evaluate(_INK, [top, bottom])


def groups(columns, apart=3):
    """How many runs of columns there are."""
    return sum(b - a > apart for a, b in zip([-10, *columns], columns, strict=False))


def faults(page):
    """What axe-core holds for serious or critical."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [
        f"{v['id']}: {v['help']}: {n['html'][:200]}"
        for v in found["violations"]
        if v["impact"] in {"serious", "critical"}
        for n in v["nodes"]
    ]


def plots(page):
    """The canvases of the charts that are shown."""
    return page.locator(".chart-plot canvas:visible")
