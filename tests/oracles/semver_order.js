// For every line `A<TAB>B`: `<`, `=` or `>` as npm's semver orders them, `!` where it refuses one, then what
// raising A's major, minor and patch level gives, between tabs.
const semver = require(process.argv[2]);
const lines = require("fs").readFileSync(0, "utf8").split("\n");
lines.pop();
const answers = lines.map((line) => {
  const [left, right] = line.split("\t");
  // It would take a `v` or `=` in front, and white space around, even when not loose.
  const strict = (text) => (/^[0-9]/.test(text) ? semver.valid(text, { loose: false }) : null);
  if (strict(left) === null || strict(right) === null) return "!";
  const order = "<=>"[semver.compare(left, right) + 1];
  return [order, ...["major", "minor", "patch"].map((level) => semver.inc(left, level))].join("\t");
});
process.stdout.write(answers.join("\n") + "\n");
