import { pickByWeight, pickOne, type Random } from "./seeded-random.ts";

export type DemoLane = "otp" | "transactional" | "marketing";

type Template = (random: Random) => string;

const digits = (random: Random, count: number) => String(Math.floor(random() * 10 ** count)).padStart(count, "0");
const price = (random: Random) => `${1 + Math.floor(random() * 300)}.${digits(random, 2)}`;
const clock = (random: Random) => `${8 + Math.floor(random() * 11)}:${pickOne(["00", "15", "30", "45"], random)}`;

/** Alphabets: GSM 03.38 alone, its extension table (€ [ ] { } ~), and UCS-2 (Greek, Arabic, Hindi, Japanese, Polish, emoji). */
const OTP: readonly (readonly [Template, number])[] = [
  [(r) => `Your login code is ${digits(r, 6)}. It is valid for 5 minutes. Never share it.`, 6],
  [(r) => `Ihr Bestätigungscode lautet ${digits(r, 6)}. Bitte geben Sie ihn niemandem weiter.`, 4],
  [(r) => `Nordbank: ${digits(r, 6)} authorises your payment of €${price(r)}.`, 4],
  [(r) => `Ο κωδικός σας είναι ${digits(r, 6)}`, 1],
  [(r) => `رمز التحقق الخاص بك هو ${digits(r, 6)}`, 1],
];

const TRANSACTIONAL: readonly (readonly [Template, number])[] = [
  [(r) => `Acme: parcel ${digits(r, 9)} is out for delivery and arrives today by ${clock(r)}.`, 6],
  [(r) => `Acme: order #${digits(r, 7)} over €${price(r)} is confirmed. Thank you!`, 5],
  [(r) => `Recordatorio: su cita es el lunes a las ${clock(r)}. Responda SI para confirmar.`, 2],
  [(r) => `Rappel : votre rendez-vous est fixé à ${clock(r)}. Code d'accès [${digits(r, 4)}].`, 2],
  [(r) => `Twoja przesyłka ${digits(r, 9)} czeka w punkcie odbioru do ${clock(r)}.`, 1],
  [(r) => `आपका ऑर्डर ${digits(r, 7)} आज ${clock(r)} बजे पहुँचेगा।`, 1],
  [(r) => `ご注文 ${digits(r, 7)} は本日 ${clock(r)} までにお届けします。`, 1],
  [longNotice, 2],
];

const MARKETING: readonly (readonly [Template, number])[] = [
  [(r) => `Acme sale: ${pickOne(["20", "30", "50"], r)}% off everything until Sunday. Reply STOP to end.`, 6],
  [
    (r) =>
      `🎉 ${pickOne(["20", "30", "50"], r)}% off at Acme this weekend only! Code PARTY${digits(r, 3)} 🛍️ STOP to end`,
    2,
  ],
  [(r) => `Προσφορά Acme: έκπτωση ${pickOne(["20", "30"], r)}% σε όλα μέχρι την Κυριακή. Στείλτε STOP για διακοπή.`, 1],
  [longOffer, 2],
];

/** A text of a lane as a customer might write it: 1 to 4 parts. */
export function demoText(lane: DemoLane, random: Random): string {
  const templates = lane === "otp" ? OTP : lane === "transactional" ? TRANSACTIONAL : MARKETING;
  return pickByWeight(templates, random)(random);
}

/** Two or three parts of GSM text. */
function longNotice(random: Random): string {
  const head = `Dear customer, your flight AC${digits(random, 3)} now leaves at ${clock(random)} from gate B${digits(random, 2)}. `;
  const more =
    "Please be at the gate 40 minutes before departure. Your seat and your luggage are not affected by the change. ";
  const end =
    "If the new time does not suit you, you can rebook once without a fee in the app or at any of our desks. ";
  return head + more + (random() < 0.5 ? end + more : "");
}

/** Up to four parts of UCS-2 text. */
function longOffer(random: Random): string {
  const offers = ["☕ coffee maker", "🎧 headphones", "📚 bookshelf", "🚲 city bike", "🪴 plant set", "🍳 steel pan"];
  const lines = Array.from(
    { length: 2 + Math.floor(random() * 4) },
    () => `${pickOne(offers, random)} now €${price(random)}`,
  );
  return `Your offers this week: ${lines.join("; ")}. All prices include delivery. Reply STOP to end.`;
}
