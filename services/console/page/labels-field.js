/** Labels as people type them, `campaign=spring, kind=code`: a list of `name=value`. @throws Error naming what is not one */
export function readLabels(text) {
  const labels = text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  const wrong = labels.find((one) => one.indexOf("=") < 1);
  if (wrong !== undefined) throw new Error(`Labels: ${wrong}: name=value is needed, with commas between several.`);
  return labels;
}

/** The same as an object by name. @throws Error where a name is given twice */
export function labelsByName(text) {
  const pairs = readLabels(text).map((one) => [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)]);
  const twice = pairs.find(([name], place) => pairs.findIndex(([other]) => other === name) !== place);
  if (twice !== undefined) throw new Error(`Labels: ${twice[0]} is given twice.`);
  return Object.fromEntries(pairs);
}
