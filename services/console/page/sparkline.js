import { svg } from "./elements.js";

const WIDTH = 120;
const HEIGHT = 28;

/** A small curve of the last values, for the eye only: the figure beside it says the same. */
export function sparkline() {
  const area = svg("path", { class: "spark-area" });
  const line = svg("path", { class: "spark-line" });
  const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "spark", "aria-hidden": "true", preserveAspectRatio: "none" };
  return {
    element: svg("svg", box, area, line),
    /** `size`: values that fill the width. */
    update(values, size) {
      const top = Math.max(1, ...values) * 1.1;
      const x = (index) => WIDTH - ((values.length - 1 - index) * WIDTH) / (size - 1);
      const points = values.map(
        (value, index) => `${x(index).toFixed(1)},${(HEIGHT - (value / top) * HEIGHT).toFixed(1)}`,
      );
      const path = points.length < 2 ? "" : `M${points.join("L")}`;
      line.setAttribute("d", path);
      area.setAttribute("d", path === "" ? "" : `${path}V${HEIGHT}H${x(0).toFixed(1)}Z`);
    },
  };
}
