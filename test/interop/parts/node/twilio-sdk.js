/**
 * Twilio's own SDK. `node twilio-sdk.js sign TOKEN URL PARAMETERS-AS-JSON` prints the X-Twilio-Signature of a callback;
 * `node twilio-sdk.js send BASE-URL SID TOKEN` has the SDK send a message to whoever is at BASE-URL, and prints the answer.
 */
const twilio = require("twilio");

const [command, ...words] = process.argv.slice(2);

/** The SDK's requests, led to another host. */
class Redirected {
  constructor(baseUrl) {
    this.baseUrl = baseUrl;
  }

  async request({ method, uri, username, password, data }) {
    const { pathname } = new URL(uri);
    const response = await fetch(`${this.baseUrl}${pathname}`, {
      method,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
      },
      body: new URLSearchParams(data).toString(),
    });
    return { statusCode: response.status, body: await response.text() };
  }
}

async function send([baseUrl, sid, token]) {
  const client = twilio(sid, token, { httpClient: new Redirected(baseUrl) });
  const message = await client.messages.create({ to: "+4915112345678", from: "ACME", body: "Grüße, 5€" });
  console.log(JSON.stringify({ sid: message.sid, status: message.status, segments: message.numSegments }));
}

if (command === "sign") console.log(twilio.getExpectedTwilioSignature(words[0], words[1], JSON.parse(words[2])));
else send(words);
