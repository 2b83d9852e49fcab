// A set of values as the block of analytics/environments.yml that it would replace. Knows that file's form alone.

// A double-quoted scalar of YAML takes every escape that JSON writes.
const quoted = (words) => JSON.stringify(words.replace(/\p{Cc}+/gu, " ").replace(/\s+/g, " ").trim());

const reason = (set, column) => {
  if (set.values[column] === set.shipped[column]) return set.reasons[column];
  return `Set by hand in the weights laboratory instead of ${set.shipped[column]}; the reason is still to be written.`;
};

export const block = (key, set, emotions) =>
  [
    `${key}:`,
    `  label: ${quoted(set.label) === '""' ? '"Custom"' : quoted(set.label)}`,
    `  purpose: ${quoted(set.purpose)}`,
    "  values:",
    ...emotions.flatMap((emotion, column) => [
      `    ${emotion}:`,
      `      value: ${set.values[column]}`,
      `      reason: ${quoted(reason(set, column))}`,
    ]),
    "",
  ].join("\n");
