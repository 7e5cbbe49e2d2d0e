const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const tenth = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** A count: whole below a hundred thousand, 1.2M above. */
export function count(value) {
  return Math.abs(value) < 100_000 ? whole.format(value) : short.format(value);
}

/** A rate: 0.4, 12, 1,240. */
export function rate(value) {
  return value > 0 && value < 10 ? tenth.format(value) : count(value);
}

/** Milliseconds as people say them. */
export function millis(value) {
  if (value === null || value === undefined) return "–";
  if (value < 1_000) return `${Math.round(value)} ms`;
  if (value < 60_000) return `${tenth.format(value / 1_000)} s`;
  if (value < 3_600_000) return `${tenth.format(value / 60_000)} min`;
  return `${tenth.format(value / 3_600_000)} h`;
}

/** A share, 0 to 1, as per cent; 99.96 % is not 100 %. */
export function percent(share) {
  if (share === null || Number.isNaN(share)) return "–";
  const value = share * 100;
  const shown = value > 99.9 && value < 100 ? 99.9 : value;
  return `${shown >= 99.95 || shown < 0.05 ? whole.format(shown) : shown.toFixed(1)} %`;
}

/** A moment, epoch ms or ISO text, in this browser's zone, to the millisecond where asked. */
export function moment(at, { millis: withMillis = false, date = true } = {}) {
  const time = new Date(at);
  const two = (value) => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} `;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return `${date ? day : ""}${clock}${withMillis ? `.${String(time.getMilliseconds()).padStart(3, "0")}` : ""}`;
}

/** Amounts by currency, decimal texts: never added up across currencies. */
export function amounts(costs) {
  const entries = Object.entries(costs ?? {}).filter(([, amount]) => Number(amount) !== 0);
  return entries.length === 0
    ? "–"
    : entries.map(([currency, amount]) => `${Number(amount).toFixed(2)} ${currency}`).join(" + ");
}
