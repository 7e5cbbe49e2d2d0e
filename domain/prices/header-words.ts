import { unitOfHeader } from "./units.ts";
import { plainWords, wordTable } from "./words.ts";

/** What a column of a price list can be. */
export const fields = [
  "provider",
  "country",
  "iso",
  "mcc",
  "mnc",
  "mccMnc",
  "prefix",
  "network",
  "price",
  "currency",
  "validFrom",
  "charged",
] as const;
export type Field = (typeof fields)[number];

/** The words of headers as {@link plainWords} gives them. */
const WORDS = wordTable<Field>([
  ["provider", "provider,supplier,vendor,provider name,anbieter,lieferant,fournisseur,proveedor,fornitore,fornecedor"],
  [
    "country",
    "country,countries,country name,destination,destination name,destination country,country territory,country region,territory,nation,land,lander,landername,landname,zielland,pays,destination pays,pais,pais destino,nombre pais,paese,nazione,kraj,ulke",
  ],
  [
    "iso",
    "iso,iso code,iso2,iso 2,iso3,iso 3,iso alpha 2,iso alpha 3,alpha 2,alpha 3,alpha2,alpha3,country iso,iso country,iso country code,country iso code,country code iso,country code,countrycode,cc,landercode,landerkurzel,code pays,codigo pais,codice paese,iso 3166",
  ],
  ["mcc", "mcc,mcc code,mobile country code,e212 mcc"],
  ["mnc", "mnc,mncs,mnc code,mnc codes,mnc list,mobile network code,mobile network codes,e212 mnc"],
  [
    "mccMnc",
    "mccmnc,mcc mnc,mccmncs,mcc mncs,mcc and mnc,mcc mnc code,mccmnc code,plmn,plmn id,plmn code,imsi prefix,e212,e 212,e 212 code,network code,operator code,tadig mccmnc",
  ],
  [
    "prefix",
    "prefix,prefixes,number prefix,dial code,dial codes,dialcode,dialling code,dialing code,dialing codes,dialling codes,dial prefix,calling code,country calling code,phone prefix,phone code,destination code,destination codes,e 164 prefix,e164 prefix,e164,area code,vorwahl,landesvorwahl,rufnummernprafix,indicatif,prefijo,prefisso,prefixo",
  ],
  [
    "network",
    "network,networks,network name,mobile network,operator,operators,operator name,mobile operator,network operator,operator network,network operator name,carrier,carrier name,mno,brand,netz,netzname,netzbetreiber,betreiber,anbieternetz,mobilfunknetz,reseau,operateur,nom operateur,red,operador,nombre operador,rete,operatore,operadora,netwerk,operatorius,siec",
  ],
  [
    "currency",
    "currency,curr,ccy,currency code,iso currency,wahrung,waehrung,devise,monnaie,moneda,divisa,valuta,moeda,waluta,para birimi",
  ],
  [
    "validFrom",
    "valid from,validfrom,valid since,effective,effective from,effective date,effective since,date effective,from,from date,start,start date,startdate,starting,activation date,change date,applies from,in force from,gultig ab,gueltig ab,gultig von,ab,ab datum,datum,date,date d effet,date effet,valable a partir du,valable du,a partir du,fecha,valido desde,vigente desde,fecha efectiva,fecha inicio,valido dal,data inizio,decorrenza,valido a partir de",
  ],
  [
    "charged",
    "charged,charged on,charged for,charged at,charge on,charge type,charging,charging type,charging basis,charging event,billing,billed on,billing type,billing basis,billing event,billing model,abrechnung,abgerechnet,berechnet bei,facturation,facturacion,cobro,addebito",
  ],
]);

const PRICES =
  "price,rate,cost,tariff,charge,fee,preis,tarif,kosten,prix,cout,precio,tarifa,costo,coste,prezzo,tariffa,costi,preco,custo,cena,stawka,prijs,tarief,fiyat,ucret";
const priceWords: ReadonlySet<string> = new Set(PRICES.split(","));
/** A column of these goes before one that says less. */
const NEW: ReadonlySet<string> = new Set(["new", "neuer", "nouveau", "nuevo", "nuovo", "novo", "nowa", "nieuwe"]);
/** Words of a price's header that do not change what it is: of one segment. */
const IDLE: ReadonlySet<string> = new Set(
  "per,sms,message,messages,msg,msgs,segment,part,mt,in,je,pro,nachricht,par,por,al,all,unit,each,net,netto,excl,excluding,vat,sell,selling,sale,customer,standard,price,your,the,offer,einzel,stuck,unitario,unitaire,outbound,termination,nachrichtenpreis".split(
    ",",
  ),
);
export type Heading =
  | { readonly field: Field /** Higher goes before lower for the same field. */; readonly rank: number }
  /** A price in another unit; `scale`: a divisor that is stated makes it one that can be read. */
  | { readonly unit: string; readonly scale: boolean };

/** What a header's text, without a currency in it, says its column is. */
export function headingOf(header: string): Heading | undefined {
  const plain = plainWords(header);
  const field = WORDS.get(plain);
  if (field !== undefined) return { field, rank: 1 };
  const words = plain.split(" ");
  // "€ per SMS" leaves no word for the price itself: whoever reads it takes care of that.
  if (!words.some((word) => priceWords.has(word))) return undefined;
  const other = unitOfHeader(plain);
  const left = other === undefined ? words : other.rest.split(" ").filter((word) => word !== "");
  const telling = left.filter((word) => !priceWords.has(word) && !IDLE.has(word));
  if (other !== undefined) return { unit: other.unit, scale: other.scale && telling.length === 0 };
  if (telling.length === 0) return { field: "price", rank: 1 };
  return telling.length === 1 && NEW.has(telling[0]!) ? { field: "price", rank: 2 } : undefined;
}

/** Whether a header holds a word for a price, whatever else it says of it. */
export const namesAPrice = (header: string): boolean =>
  plainWords(header)
    .split(" ")
    .some((word) => priceWords.has(word));

/** Whether a header that named a currency says nothing else than that it is of one message: `EUR`, `€ per SMS`. */
export const saysNothingElse = (rest: string): boolean =>
  plainWords(rest)
    .split(" ")
    .every((word) => word === "" || IDLE.has(word));
