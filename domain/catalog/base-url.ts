/** Where the path of Twilio's Messages contract begins, whichever part of it was copied along. */
const API_PATH = /\/(2010-04-01|Accounts|Messages(?:\.json)?)(?=\/|$)/;

/**
 * What keeps an address from being a provider's base URL, to which the path of the API is added; undefined when it can be one. A path
 * before that, such as a gateway's, is part of it. It repeats no password.
 */
export function baseUrlProblem(address: string): string | undefined {
  const url = URL.parse(address);
  // Said by the type of the field.
  if (url === null) return undefined;
  if (url.username !== "" || url.password !== "")
    return "without a user name and password, which would not be sent: they are accountSid and authToken";
  if (/[?#]/.test(address)) return "without a query or fragment, which would not be sent";
  const found = API_PATH.exec(url.pathname);
  if (found === null) return undefined;
  const base = `${url.origin}${url.pathname.slice(0, found.index)}`;
  return `without the path of the API ("/${found[1]}…"), which is added: "${base}"`;
}
