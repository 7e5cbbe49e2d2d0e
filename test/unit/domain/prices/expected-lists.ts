import type { ListSettings, PriceFile } from "../../../../domain/prices/read-list.ts";

interface Accepted {
  readonly file: string;
  readonly settings?: ListSettings;
  readonly currency: string;
  /** Key, price in units, day, charge, in the order of the file. */
  readonly prices: readonly string[];
  /** Parts of each warning, in order. */
  readonly warnings?: readonly string[];
  readonly lines?: Partial<PriceFile["lines"]>;
  readonly ignored?: readonly string[];
  readonly names?: readonly string[];
}

export const acceptedLists: readonly Accepted[] = [
  {
    file: "01-plain-comma.csv",
    currency: "EUR",
    prices: ["26201 0.065", "26202 0.066", "26203 0.067", "20801 0.045"],
    names: ["Telekom", "Vodafone", "O2", "Orange"],
    ignored: [],
  },
  {
    file: "02-german-semicolon.csv",
    currency: "EUR",
    prices: ["26201 0.065 2027-02-01", "23201 0.051 2027-02-01", "22801 0.052 2027-03-01"],
    lines: { row: 3, blank: 1, total: 1 },
  },
  { file: "03-utf16-tabs.csv", currency: "USD", prices: ["61203 0.1", "28601 0.02"] },
  { file: "04-utf16-big-endian.csv", settings: { currency: "EUR" }, currency: "EUR", prices: ["PL 0.03", "CZ 0.04"] },
  {
    file: "05-lost-zeros.csv",
    currency: "EUR",
    prices: ["26201 0.065", "26202 0.065", "33805 0.09", "338050 0.08", "26203 0.07"],
  },
  {
    file: "06-code-lists.csv",
    currency: "EUR",
    prices: [
      ...["26201 0.065", "26206 0.065", "26202 0.066", "26204 0.066"],
      ...["310100 0.0075", "310101 0.0075", "310102 0.0075", "310103 0.0075", "310260 0.0074", "310800 0.0074"],
      ...["GB 0.03", "ES 0.04", "IT 0.05"],
    ],
    warnings: ["26206 on line 2, 26204 on line 3, 310100 on line 4"],
  },
  {
    file: "07-joined-codes.csv",
    currency: "USD",
    prices: ["26201 0.07", "310260 0.0075", "310410 0.0076", "338050 0.09", "20801 0.05", "20802 0.05"],
    warnings: ["310260 on line 3, 310410 on line 4, 20802 on line 6"],
    names: ["Telekom", "T-Mobile USA", "AT&T", "Digicel", "Orange", "Orange"],
  },
  {
    file: "08-shared-code.csv",
    currency: "USD",
    prices: ["US310260 0.0075", "PR310260 0.03", "VI310260 0.04", "US 0.008", "PR 0.035"],
    warnings: ["310260 on line 2"],
  },
  {
    file: "09-prefixes.csv",
    currency: "EUR",
    prices: [
      ...["+4915 0.07", "+4916 0.07", "+4917 0.07", "+35840 0.06", "+358 0.05", "+1242 0.04", "+447797 0.09"],
      "* 0.2",
    ],
    warnings: ['"Germany Mobile", "Finland Mobile", "Finland Elisa"'],
  },
  {
    file: "10-currency-in-cells.csv",
    currency: "EUR",
    prices: ["26201 0.065", "26202 0.066", "20404 0.0725"],
    ignored: ["Netz-Code"],
  },
  { file: "11-thousands.csv", currency: "IDR", prices: ["51010 1234.5", "51011 1150", "51001 980"] },
  { file: "12-thousands-comma.csv", currency: "COP", prices: ["732101 1234.5", "732103 1150", "732123 1150"] },
  {
    file: "13-scientific.csv",
    currency: "USD",
    prices: ["IN 0.00065", "ID 0.025", "PK 0.01", "BD 0.015", "NP 0.015"].map((price) => `${price} 2027-01-01`),
  },
  {
    file: "14-dates-day-first.csv",
    currency: "EUR",
    prices: ["FR 0.045 2027-02-01", "ES 0.04 2027-02-15", "IT 0.05 2027-05-05"],
  },
  {
    file: "15-dates-month-first.csv",
    currency: "USD",
    prices: ["US 0.0075 2027-02-01", "CA 0.008 2027-02-15", "MX 0.01 2027-03-01"],
  },
  {
    file: "16-two-dates.csv",
    currency: "EUR",
    prices: ["26201 0.065", "26201 0.07 2027-02-01", "26201 0.068 2027-03-01", "DE 0.08 2027-02-01"],
  },
  {
    file: "17-providers.csv",
    settings: { provider: "north" },
    currency: "EUR",
    prices: ["DE 0.065", "FR 0.045"],
    lines: { row: 2 },
  },
  {
    file: "18-charged.csv",
    currency: "EUR",
    prices: ["DE 0.065 submit", "FR 0.045 delivery", "ES 0.04"],
  },
  {
    file: "19-quotes.csv",
    currency: "EUR",
    prices: ["26201 0.065", "26202 0.066"],
    names: ['Telekom "T"\r\n(formerly D1)', "Vodafone, Germany"],
  },
  { file: "20-alpha3-any-order.csv", currency: "EUR", prices: ["20801 0.045", "20601 0.052", "22801 0.061"] },
  {
    file: "21-headings-and-notes.csv",
    currency: "USD",
    prices: ["26201 0.07", "26202 0.07", "44010 0.06", "46000 0.03"],
    warnings: ['line 10, column "Price": there is none'],
    lines: { row: 4, heading: 4, unserved: 1 },
    ignored: ["Remarks"],
  },
  {
    file: "22-spanish-excel-sep.csv",
    currency: "EUR",
    prices: ["ES 0.04 2027-02-01", "MX 0.015 2027-02-01"],
    warnings: [
      'line 3, column "Operador": networks without their codes, so these prices are of all of their country: "Movistar"',
    ],
  },
  {
    file: "23-old-and-new.csv",
    currency: "EUR",
    prices: ["26201 0.07 2027-02-01", "20801 0.04 2027-02-01"],
    ignored: ["Old price EUR", "Change"],
    warnings: ['line 1: not read: "Old price EUR"; prices are those of "New price EUR" alone'],
  },
  {
    file: "24-named-columns.csv",
    settings: {
      currency: "EUR",
      dates: "day-first",
      columns: { country: "Place", price: "rate b", validFrom: "Since" },
    },
    currency: "EUR",
    prices: ["DE 0.06 2027-03-02", "FR 0.04 2027-03-02"],
    ignored: ["Rate A"],
  },
  {
    file: "25-doubtful.csv",
    currency: "EUR",
    prices: [
      ...["26201 0.065", "26202 6.5", "26203 0.066", "26299 0.067", "33850 0.09", "20801 0", "20810 0.045"],
      "20810 0.045",
    ],
    warnings: [
      'line 7, column "Price (EUR)": is 0',
      'line 3, column "Price (EUR)": 6.5 stands beside 0.065 and 0.066',
      'line 9, column "Price (EUR)": stands in the list twice',
      'line 5, column "MNC": no number is known to be of these networks, so their prices apply to no message: 26299 on line 5, 33850 on line 6. Was a zero lost or added? 33850 on line 6 (338050 is)',
    ],
  },
  {
    file: "26-satellites.csv",
    currency: "EUR",
    prices: ["90114 0.5", "24201 0.05", "* 0.2"],
    warnings: ["90114 on line 2"],
  },
  {
    file: "27-mcc-alone.csv",
    currency: "USD",
    prices: ["DE 0.07", "US 0.0075", "US 0.0075"],
    warnings: ["310 is read as US, not BM, GU, MP, PR, VI, 311 is read as US, not AS, GU, VI"],
  },
  {
    file: "28-one-column-less.csv",
    currency: "USD",
    prices: ["KR 0.02", "CD 0.09", "BO 0.08", "KN 0.06", "DE 0.07"],
  },
  {
    file: "29-columns-not-read.csv",
    currency: "USD",
    prices: ["310260 0.0079", "26201 0.07", "DE 0.08", "26203 0.065", "FR 0.05"],
    ignored: ["Carrier fee", "Valid to", "Status", "Sell GBP"],
    warnings: [
      'line 1: not read: "Carrier fee", "Sell GBP"; prices are those of "Price USD" alone',
      'line 1: not read: "Valid to"; a price holds until another one of the same begins',
      'line 3, column "Status": says "Closed" and is not read: the row\'s price counts (also lines 5)',
      'line 4, column "Network": networks without their codes, so these prices are of all of their country: "1&1", "Orange" (also line 6)',
      "310260 on line 2",
    ],
  },
  {
    file: "30-cents-in-title.csv",
    settings: { divisor: 100 },
    currency: "EUR",
    prices: ["26201 0.059", "26202 0.061", "FR 0.0485"],
  },
  {
    file: "31-price-of-a-thousand.csv",
    settings: { divisor: 1000 },
    currency: "EUR",
    prices: ["DE 0.059", "FR 1.2345"],
  },
  {
    file: "32-unseen-characters.csv",
    currency: "EUR",
    prices: ["DE 0.05", "FR 0.06", "GB 0.03", "SK 0.04", "MK 0.05", "VI 0.02"],
  },
  {
    file: "35-with-tax.csv",
    currency: "EUR",
    prices: ["DE 0.0595"],
    warnings: ['line 1: says "inkl 19 mwst": prices are read as they stand'],
  },
  {
    file: "33-large-amounts.csv",
    currency: "EUR",
    prices: ["DE 5.9", "FR 4.8", "IT 5.2"],
    warnings: [
      'line 1, column "Price EUR": half of the prices are 5.2 EUR or more for one segment; state what they are to be divided by',
    ],
  },
  {
    file: "34-prices-and-addresses.csv",
    currency: "EUR",
    prices: ["26201 0.059"],
    lines: { row: 1, total: 1, heading: 1 },
    warnings: ['line 4: says "valid from 01.03.2027", which is not read: these prices hold at once'],
  },
];

interface Refused {
  readonly file: string;
  readonly settings?: ListSettings;
  /** Parts of each problem, in order. */
  readonly problems: readonly string[];
}

export const refusedLists: readonly Refused[] = [
  { file: "17-providers.csv", problems: ['column "Provider": holds the prices of several providers'] },
  { file: "17-providers.csv", settings: { provider: "West" }, problems: ['"West" is not among "North", "South"'] },
  { file: "01-plain-comma.csv", settings: { currency: "USD" }, problems: ['column "Price (EUR)": is in EUR, and USD'] },
  { file: "01-plain-comma.csv", settings: { provider: "North" }, problems: ["there is no column of providers"] },
  { file: "01-plain-comma.csv", settings: { columns: { price: "Cost" } }, problems: ["no header was found"] },
  {
    file: "50-unquoted-decimal-comma.csv",
    problems: ["line 2: has more cells than the header", "line 3: has more cells"],
  },
  {
    file: "51-ambiguous-dates.csv",
    problems: [
      'line 2, column "Valid from": "01/02/2027" may be the 1st of month 2 or the 2nd of month 1: state day-first',
      'line 3, column "Valid from": "03/02/2027" may be',
    ],
  },
  { file: "52-both-date-orders.csv", problems: ['line 4, column "Valid from": "02/03/2027" may be'] },
  { file: "53-unequal-duplicates.csv", problems: ['line 3, column "Price EUR": 26201 has another price on line 2'] },
  { file: "54-two-currencies.csv", problems: ['line 3, column "Price": is in USD, and the list in EUR'] },
  { file: "55-no-currency.csv", problems: ["the list names no currency: state it"] },
  {
    file: "56-many-faults.csv",
    problems: [
      'line 2, column "MCC": "26" is no mobile country code',
      'line 3, column "Price EUR": "-0,065" is below zero',
      'line 4, column "Price EUR": is empty',
      'line 5, column "Price EUR": "0,0651234" has more than 6 decimals',
      'line 6, column "MNC": mobile country code 262 is of DE, and the row names FR',
      'line 7, column "Country": "Atlantis" is no country',
      'line 8, column "MNC": "90-110" is no range',
      'line 9, column "Valid from": "2027-02-30" is no date that there is',
      'line 10, column "Price EUR": "abc" is no price',
      'line 10, column "Valid from": "2027-01-01 12:00": prices change at midnight',
      "line 11: names no country, network or prefix",
    ],
  },
  { file: "57-open-quote.csv", problems: ["line 2: a quotation mark that opens here is never closed"] },
  { file: "58-windows-1252.csv", problems: ["is not text in UTF-8 (perhaps Windows-1252 or Latin-1)"] },
  { file: "59-workbook.csv", problems: ["is a workbook and no CSV"] },
  { file: "60-no-header.csv", problems: ["no header was found"] },
  { file: "61-per-thousand.csv", problems: ['column "Price per 1000 SMS (EUR)": is a price in another unit ("1000")'] },
  { file: "62-two-prices.csv", problems: ['"Price EUR" and "Rate EUR" may each be price'] },
  {
    file: "63-ambiguous-thousand.csv",
    problems: ['line 2, column "Price IDR": "1,234" may be 1234 or 1.234', 'line 3, column "Price IDR"'],
  },
  { file: "30-cents-in-title.csv", problems: ['line 2: says "cents"', 'line 7: says "per 1 000"'] },
  {
    file: "31-price-of-a-thousand.csv",
    problems: ['line 1, column "Price (EUR per 1,000 SMS)": is a price in another unit ("1 000")'],
  },
  {
    file: "65-units-by-row.csv",
    problems: ['line 3, column "Unit": "1000" is another unit than one segment', 'line 4, column "Unit": "Cent"'],
  },
  { file: "66-pence.csv", problems: ['line 2, column "Currency": "GBp" is no currency'] },
  {
    file: "67-rest-of-what.csv",
    problems: ['line 4, column "Network": "Others" may be the rest of a country or of the world'],
  },
  {
    file: "68-decimals-beside.csv",
    problems: ['line 2, column "Price EUR": "0" may lack its decimals', 'line 3, column "Price EUR": "1" may lack'],
  },
  {
    file: "72-other-services.csv",
    problems: [
      'line 3, column "Service": "Voice" is no message',
      'line 4, column "Service": "HLR lookup" is no message',
    ],
  },
  { file: "69-text-beyond.csv", problems: ["line 2: has more cells than the header"] },
  {
    file: "70-years-of-two-digits.csv",
    problems: ['line 2, column "Valid from": "27-02-01" is of 2001, or its year stands elsewhere'],
  },
  {
    file: "71-codes-as-numbers.csv",
    problems: ['line 3, column "MCCMNC": "310.26" may be 31026 or 310260', 'line 4, column "MCCMNC": "338.05" may be'],
  },
  { file: "64-calling-code-or-mcc.csv", problems: ['line 2, column "Country Code": "49" is a number'] },
];
