import { el } from "./elements.js";
import { moment } from "./format.js";

const DAY_S = 86_400;

let loading;

/** The library is loaded with the first chart. */
function library() {
  loading ??= new Promise((resolve, reject) => {
    document.head.append(el("link", { rel: "stylesheet", href: "/uplot/uPlot.css" }));
    document.head.append(
      el("script", {
        src: "/uplot/uPlot.js",
        load: () => resolve(globalThis.uPlot),
        error: () => reject(new Error("charts cannot be loaded")),
      }),
    );
  });
  return loading;
}

/** Words below the axis, as times stand elsewhere on the page: the clock, once a minute, and the day where it begins. Times and `step`: s. */
export function axisTimes(times, step) {
  let day = "";
  let minute = "";
  return times.map((at) => {
    const [date, clock] = moment(at * 1_000).split(" ");
    const begins = date !== day;
    const again = !begins && clock.slice(0, 5) === minute;
    [day, minute] = [date, clock.slice(0, 5)];
    if (step >= DAY_S) return date;
    if (again) return "";
    return begins ? `${minute}\n${date}` : minute;
  });
}

/** A chart of submitted, delivered and ended messages by step. Its figures stand in words beside it for those who do not see it. */
export function stepsChart(label) {
  const place = el("div", { class: "chart", role: "img", "aria-label": label });
  let chart;
  let newest;
  const draw = async () => {
    const uPlot = await library();
    const steps = newest;
    const resolved = (name) => {
      place.style.color = `var(${name})`;
      return getComputedStyle(place).color;
    };
    const [text, line] = [resolved("--muted"), resolved("--line")];
    const [flow, good, warn] = [resolved("--flow"), resolved("--good"), resolved("--warn")];
    place.style.color = "";
    chart?.destroy();
    const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    const series = (name, stroke, fill) => ({
      label: name,
      stroke,
      width: 2,
      ...(fill ? { fill: stroke.replace("rgb(", "rgba(").replace(")", ", .12)") } : {}),
    });
    chart = new uPlot(
      {
        width: Math.max(260, place.clientWidth),
        height: 220,
        axes: [
          { ...axis, space: 76, values: (_, times, __, ___, step) => axisTimes(times, step) },
          { ...axis, size: 58 },
        ],
        scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
        series: [
          { label: "time", value: (_, at) => (at === null ? "–" : moment(at * 1_000)) },
          series("submitted", flow, true),
          series("delivered", good),
          series("ended otherwise", warn),
        ],
      },
      [
        steps.map(({ at }) => at),
        steps.map(({ submitted }) => submitted),
        steps.map(({ delivered }) => delivered),
        steps.map(({ ended, delivered }) => ended - delivered),
      ],
      place,
    );
  };
  const again = () => newest !== undefined && newest.length > 0 && draw();
  addEventListener("themechange", again);
  addEventListener("resize", again);
  return {
    element: place,
    update(steps) {
      newest = steps;
      if (steps.length > 0) return draw();
      chart?.destroy();
      chart = undefined;
      place.replaceChildren(el("p", { class: "muted" }, "Nothing was sent in this time."));
    },
    close() {
      removeEventListener("themechange", again);
      removeEventListener("resize", again);
      chart?.destroy();
    },
  };
}
