import { countryCodeProblem, hasNumbers } from "../numbers/country-code.ts";
import { plainWords, wordTable } from "./words.ts";

/** ISO 3166-1: alpha-3 and alpha-2 of every country (and XKX, Kosovo). */
const ALPHA_3 = `
ABW AW AFG AF AGO AO AIA AI ALA AX ALB AL AND AD ARE AE ARG AR ARM AM ASM AS ATA AQ ATF TF ATG AG AUS AU AUT AT AZE AZ BDI BI
BEL BE BEN BJ BES BQ BFA BF BGD BD BGR BG BHR BH BHS BS BIH BA BLM BL BLR BY BLZ BZ BMU BM BOL BO BRA BR BRB BB BRN BN BTN BT
BVT BV BWA BW CAF CF CAN CA CCK CC CHE CH CHL CL CHN CN CIV CI CMR CM COD CD COG CG COK CK COL CO COM KM CPV CV CRI CR CUB CU
CUW CW CXR CX CYM KY CYP CY CZE CZ DEU DE DJI DJ DMA DM DNK DK DOM DO DZA DZ ECU EC EGY EG ERI ER ESH EH ESP ES EST EE ETH ET
FIN FI FJI FJ FLK FK FRA FR FRO FO FSM FM GAB GA GBR GB GEO GE GGY GG GHA GH GIB GI GIN GN GLP GP GMB GM GNB GW GNQ GQ GRC GR
GRD GD GRL GL GTM GT GUF GF GUM GU GUY GY HKG HK HMD HM HND HN HRV HR HTI HT HUN HU IDN ID IMN IM IND IN IOT IO IRL IE IRN IR
IRQ IQ ISL IS ISR IL ITA IT JAM JM JEY JE JOR JO JPN JP KAZ KZ KEN KE KGZ KG KHM KH KIR KI KNA KN KOR KR KWT KW LAO LA LBN LB
LBR LR LBY LY LCA LC LIE LI LKA LK LSO LS LTU LT LUX LU LVA LV MAC MO MAF MF MAR MA MCO MC MDA MD MDG MG MDV MV MEX MX MHL MH
MKD MK MLI ML MLT MT MMR MM MNE ME MNG MN MNP MP MOZ MZ MRT MR MSR MS MTQ MQ MUS MU MWI MW MYS MY MYT YT NAM NA NCL NC NER NE
NFK NF NGA NG NIC NI NIU NU NLD NL NOR NO NPL NP NRU NR NZL NZ OMN OM PAK PK PAN PA PCN PN PER PE PHL PH PLW PW PNG PG POL PL
PRI PR PRK KP PRT PT PRY PY PSE PS PYF PF QAT QA REU RE ROU RO RUS RU RWA RW SAU SA SDN SD SEN SN SGP SG SGS GS SHN SH SJM SJ
SLB SB SLE SL SLV SV SMR SM SOM SO SPM PM SRB RS SSD SS STP ST SUR SR SVK SK SVN SI SWE SE SWZ SZ SXM SX SYC SC SYR SY TCA TC
TCD TD TGO TG THA TH TJK TJ TKL TK TKM TM TLS TL TON TO TTO TT TUN TN TUR TR TUV TV TWN TW TZA TZ UGA UG UKR UA UMI UM URY UY
USA US UZB UZ VAT VA VCT VC VEN VE VGB VG VIR VI VNM VN VUT VU WLF WF WSM WS XKX XK YEM YE ZAF ZA ZMB ZM ZWE ZW`;

/** Languages whose names of countries are read, as the runtime (Unicode CLDR) has them. */
const LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr"];

/** Names that providers write beside those. */
const ALSO: readonly (readonly [string, string])[] = [
  ["AE", "uae,emirates"],
  ["AC", "ascension"],
  ["AG", "antigua,antigua barbuda"],
  ["BA", "bosnia,bosnia herzegovina,bosnia hercegovina"],
  ["BN", "brunei darussalam"],
  ["BQ", "bonaire,caribbean netherlands,netherlands caribbean,bonaire sint eustatius and saba"],
  ["BS", "bahamas the"],
  [
    "CD",
    "congo dr,dr congo,drc,democratic republic of congo,congo democratic republic,congo democratic republic of,congo dem rep,congo kinshasa,zaire",
  ],
  ["CG", "congo,republic of congo,congo republic,congo republic of,congo brazzaville"],
  ["CI", "ivory coast,cote divoire,cote d ivoire"],
  ["CV", "cape verde,cabo verde"],
  ["CW", "netherlands antilles,dutch antilles"],
  ["CZ", "czech republic,czech rep,czechia"],
  ["FK", "falklands,falkland islands malvinas"],
  ["FM", "micronesia,micronesia federated states of,federated states of micronesia"],
  ["GB", "uk,u k,great britain,britain,england,gb united kingdom,united kingdom of great britain and northern ireland"],
  ["GF", "guiana french,guyana french"],
  ["GM", "gambia the"],
  ["GW", "guinea bissau,guineabissau"],
  ["HK", "hong kong,hongkong,hong kong china"],
  ["KN", "saint kitts,st kitts,st kitts nevis,saint kitts nevis"],
  ["KR", "korea,korea south,south korea,korea republic of,republic of korea,korea rep,s korea"],
  ["KP", "korea north,north korea,korea democratic people s republic of,korea dpr,dpr korea"],
  ["LA", "laos,lao pdr,lao,lao people s democratic republic"],
  ["LY", "libyan arab jamahiriya"],
  ["MF", "saint martin french part,st martin"],
  [
    "MK",
    "macedonia,fyrom,macedonia fyrom,fyr macedonia,f y r macedonia,north macedonia,macedonia the former yugoslav republic of,republic of north macedonia",
  ],
  ["MM", "burma,myanmar"],
  ["MO", "macau,macao,macao china"],
  ["MP", "northern marianas,saipan"],
  ["NL", "holland"],
  ["PF", "tahiti"],
  ["PM", "saint pierre and miquelon,st pierre and miquelon"],
  ["PS", "palestine,palestinian territory,palestinian territory occupied,palestine state of,state of palestine"],
  ["RE", "reunion island"],
  ["RU", "russian federation"],
  ["RS", "serbia republic of"],
  ["SK", "slovak republic,slovak rep"],
  ["SH", "saint helena,st helena,saint helena ascension and tristan da cunha"],
  ["ST", "sao tome,sao tome and principe,sao tome principe"],
  ["SX", "sint maarten,st maarten,sint maarten dutch part"],
  ["SZ", "swaziland,eswatini"],
  ["TC", "turks and caicos"],
  ["TL", "east timor,timor leste"],
  ["TR", "turkey,turkiye"],
  ["TT", "trinidad"],
  ["TW", "taiwan china,china taiwan,taiwan province of china,taiwan republic of china"],
  ["US", "usa,united states of america,u s a,u s,america"],
  ["VA", "vatican,holy see,holy see vatican city state"],
  ["VC", "saint vincent,st vincent,st vincent and grenadines,saint vincent and grenadines"],
  ["VG", "british virgin islands,virgin islands british,bvi"],
  [
    "VI",
    "us virgin islands,virgin islands us,virgin islands u s,usvi,virgin islands united states,united states virgin islands",
  ],
  ["VN", "viet nam"],
  ["WS", "samoa western,western samoa"],
  ["YT", "mayotte island"],
];

/** Words of a country's full name that the short one leaves out. */
const STYLES =
  /\b(?:the|of|republic|rep|islamic|arab|bolivarian|plurinational|united republic|state|federal|province|special administrative region|sar china|china sar)\b/g;

const letters: ReadonlyMap<string, string> = new Map(
  [...ALPHA_3.matchAll(/([A-Z]{3}) ([A-Z]{2})/g)].map(([, three = "", two = ""]) => [three, two]),
);
const names = nameTable();
const shortened = new Map([...names].map(([name, code]) => [short(name), code]));

function nameTable(): ReadonlyMap<string, string> {
  const table = new Map<string, string>();
  for (const language of LANGUAGES) {
    const display = new Intl.DisplayNames([language], { type: "region", fallback: "none" });
    for (const code of letters.values()) {
      const name = display.of(code);
      // The first language to use a name keeps it.
      if (name !== undefined && !table.has(spelt(name))) table.set(spelt(name), code);
    }
  }
  for (const [name, code] of wordTable(ALSO)) table.set(spelt(name), code);
  return table;
}

/** One spelling for saints, and for what stands between names. */
function spelt(name: string): string {
  return plainWords(name)
    .replace(/\bst\b/g, "saint")
    .replace(/\bis\b/g, "islands")
    .replace(/\b(?:and|und|et|y)\b/g, "and");
}

function short(name: string): string {
  return name.replace(STYLES, " ").replace(/\s+/g, " ").trim();
}

/**
 * The ISO 3166-1 alpha-2 code of a country as lists write it: a code of two or three letters, a name in one of several
 * languages, or both (`Germany (DE)`). Undefined for anything else: a name that is nearly one is not guessed at.
 */
export function countryOf(text: string): string | undefined {
  const trimmed = text.trim();
  const inBrackets = /^(.*\S)\s*[([]([A-Za-z]{2,3})[)\]]$/.exec(trimmed);
  if (inBrackets !== null) {
    const [named, coded] = [countryOf(inBrackets[1]!), countryOf(inBrackets[2]!)];
    if (named !== undefined && (coded === undefined || coded === named)) return named;
  }
  const upper = trimmed.toUpperCase();
  if (/^[A-Z]{2}$/.test(upper) && countryCodeProblem(upper) === undefined && hasNumbers(upper)) return upper;
  if (letters.has(upper)) return letters.get(upper);
  const name = spelt(trimmed);
  return names.get(name) ?? shortName(short(name));
}

function shortName(name: string): string | undefined {
  return name === "" ? undefined : (names.get(name) ?? shortened.get(name));
}
