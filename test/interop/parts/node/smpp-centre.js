/**
 * A message centre on npm smpp's server, as its README shows one: `node smpp-centre.js PORT`. Commands and events as in
 * parts/java/Centre.java. Receipts are encoded by the package: GSM octets under data_coding 1.
 */
const { createInterface } = require("node:readline");
const smpp = require("smpp");

const ANSWER_AFTER_MS = 20;
const RECEIPT_AFTER_MS = 200;
let bound;
let refusals = 0;
let ids = 0;
let open = 0;

const say = (event) => console.log(JSON.stringify(event));
const hex = (text) => Buffer.from(text, "utf8").toString("hex");
/** YYMMDDhhmm in UTC. */
const stamp = (at) => at.toISOString().replace(/\D/g, "").slice(2, 12);

function receive(session, pdu) {
  if (refusals > 0) {
    refusals--;
    session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    return;
  }
  say({ event: "open", count: ++open });
  setTimeout(() => accept(session, pdu), ANSWER_AFTER_MS);
}

function accept(session, pdu) {
  const id = `node_${++ids}`;
  const { udh = [], message } = pdu.short_message;
  const header = Buffer.concat(udh);
  const octets = header.length === 0 ? "" : Buffer.concat([Buffer.from([header.length]), header]).toString("hex");
  const { esm_class: esmClass, data_coding: dataCoding } = pdu;
  say({
    event: "submit",
    id,
    from: hex(pdu.source_addr),
    to: hex(pdu.destination_addr),
    esmClass,
    dataCoding,
    octets,
    text: hex(message),
  });
  open--;
  session.send(pdu.response({ message_id: id }));
  setTimeout(() => {
    const now = stamp(new Date());
    session.deliver_sm({
      esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
      source_addr_ton: 1,
      source_addr_npi: 1,
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:${now} done date:${now} stat:DELIVRD err:000 text:`,
    });
  }, RECEIPT_AFTER_MS);
}

const server = smpp.createServer((session) => {
  session.on("error", (error) => console.error(error.message));
  session.on("bind_transceiver", (pdu) => {
    bound = session;
    open = 0;
    session.send(pdu.response());
    say({ event: "bound" });
  });
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => session.send(pdu.response(), () => session.close()));
  session.on("submit_sm", (pdu) => receive(session, pdu));
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => say({ event: "listening" }));

function deliver(from, to, fields) {
  const addresses = { source_addr_ton: 1, source_addr_npi: 1, source_addr: from, destination_addr: to };
  bound.deliver_sm({ ...addresses, ...fields }, (answer) => say({ event: "answered", status: answer.command_status }));
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [command, ...words] = line.split(" ");
    if (command === "throttle") refusals = Number(words[0]);
    if (command === "deliver") {
      const [from, to, esmClass, dataCoding, octets] = words;
      deliver(from, to, {
        esm_class: Number(esmClass),
        data_coding: Number(dataCoding),
        short_message: Buffer.from(octets, "hex"),
      });
    }
    if (command === "text")
      deliver(words[0], words[1], { short_message: Buffer.from(words[2], "hex").toString("utf8") });
  })
  .on("close", () => process.exit(0));
