// A client on npm's smpp: `node smpp-client.js PORT SYSTEM-ID PASSWORD RECEIPTS < messages.json`. It submits each message, a text of more
// than 160 characters as parts with a header, one after the other, and prints the ids of its answers and the receipts, when all have come.
const smpp = require("smpp");

const [port, systemId, password, wanted] = process.argv.slice(2);
const receipts = [];
let input = "";
process.stdin.on("data", (chunk) => {
  input += chunk;
});
process.stdin.on("end", () => {
  const session = smpp.connect({ url: `smpp://127.0.0.1:${port}` }, () => {
    session.bind_transceiver({ system_id: systemId, password }, async (answer) => {
      if (answer.command_status !== 0) throw new Error(`bind: ${answer.command_status}`);
      const ids = [];
      for (const message of JSON.parse(input)) ids.push(await submit(session, message));
      await until(() => receipts.length >= Number(wanted));
      console.log(JSON.stringify({ ids, receipts }));
      session.unbind(() => session.close(() => process.exit(0)));
    });
  });
  session.on("deliver_sm", (pdu) => {
    session.send(pdu.response());
    const [, id, state] = /^id:(\S+).* stat:(\S+)/.exec(pdu.short_message.message) ?? [];
    if (pdu.receipted_message_id === id) receipts.push({ id, state });
  });
});

async function submit(session, { to, text }) {
  const ids = [];
  const parts = text.length <= 160 ? [text] : text.match(/.{1,153}/gs);
  for (const [i, part] of parts.entries()) {
    const udh = Buffer.from([5, 0, 3, 9, parts.length, i + 1]);
    const short_message = parts.length === 1 ? part : { udh, message: part };
    const fields = { source_addr: "ACME", source_addr_ton: 5, destination_addr: to, registered_delivery: 1 };
    const answer = await new Promise((done) => session.submit_sm({ ...fields, short_message }, done));
    if (answer.command_status !== 0) throw new Error(`submit_sm: ${answer.command_status}`);
    ids.push(answer.message_id);
  }
  return ids;
}

async function until(condition) {
  while (!condition()) await new Promise((done) => setTimeout(done, 20));
}
