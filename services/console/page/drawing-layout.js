/** Below this width the pipeline is drawn from top to bottom, px. */
const NARROW = 720;
const ROW = { height: 62, gap: 12 };
const BOX = { height: 78 };
const TOP = 34;

/**
 * Where the boxes of the drawing stand, and which lines join them. `count`: of providers. Boxes: { x, y, w, h }; lines name two boxes.
 * The pure part of pipeline-drawing.js.
 */
export function layout(width, count) {
  const providers = Array.from({ length: count }, (_, index) => `provider-${index}`);
  const lines = [
    ["accepted", "router"],
    ...providers.map((id) => ["router", id]),
    ...providers.map((id) => [id, "receipts"]),
    ["receipts", "ended"],
  ];
  return width < NARROW ? upright(width, providers, lines) : across(width, providers, lines);
}

function across(width, providers, lines) {
  const side = Math.round(Math.min(172, width * 0.155));
  const wide = Math.round(Math.min(264, width * 0.25));
  const gap = (width - 2 - 4 * side - wide) / 4;
  const tall = Math.max(BOX.height * 2 + 30, providers.length * (ROW.height + ROW.gap) - ROW.gap);
  const middle = TOP + tall / 2;
  const column = (place) => 1 + place * (side + gap) + (place > 2 ? wide - side : 0);
  const box = (place, y) => ({ x: column(place), y, w: side, h: BOX.height });
  const first = middle - (providers.length * (ROW.height + ROW.gap) - ROW.gap) / 2;
  const boxes = {
    accepted: box(0, middle - BOX.height / 2),
    router: box(1, middle - BOX.height / 2),
    receipts: box(3, middle - BOX.height / 2),
    ended: box(4, middle - BOX.height / 2),
    ...Object.fromEntries(
      providers.map((id, row) => [
        id,
        { x: column(2), y: first + row * (ROW.height + ROW.gap), w: wide, h: ROW.height },
      ]),
    ),
  };
  return { width, height: TOP + tall + 8, upright: false, boxes, lines };
}

function upright(width, providers, lines) {
  const inset = 2;
  let y = 4;
  const boxes = {};
  const put = (id, h, after, x = inset, w = width - 2 * inset) => {
    boxes[id] = { x, y, w, h };
    y += h + after;
  };
  put("accepted", 78, 26);
  put("router", 78, 26);
  for (const [row, id] of providers.entries())
    put(id, ROW.height, row === providers.length - 1 ? 26 : 8, inset + 22, width - 2 * inset - 44);
  put("receipts", 78, 26);
  put("ended", 78, 4);
  return { width, height: y, upright: true, boxes, lines };
}

/** The curve from one box to another, as an SVG path. */
export function curve(from, to, isUpright) {
  if (!isUpright) {
    const [x1, y1, x2, y2] = [from.x + from.w, from.y + from.h / 2, to.x, to.y + to.h / 2];
    const bend = (x2 - x1) / 2;
    return `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
  }
  // Beside the boxes in between: providers are narrower than what stands above and below them.
  const isDirect = to.y - (from.y + from.h) < 40;
  if (isDirect) return `M${from.x + from.w / 2},${from.y + from.h}V${to.y}`;
  const left = to.w < from.w;
  const x = left ? from.x + 10 : to.x + to.w - 10;
  return left
    ? `M${x},${from.y + from.h}V${to.y + to.h / 2}H${to.x}`
    : `M${from.x + from.w},${from.y + from.h / 2}H${x}V${to.y}`;
}
