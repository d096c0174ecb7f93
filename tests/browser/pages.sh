#!/bin/sh
# Opens the page of a project with 5,000 commits in a real browser: no fault in the console, nothing asked for, the filters
# work from the keyboard, axe finds nothing serious, and it is smaller than 2 MB. It and the pages of other commands are
# valid HTML.
# usage: tests/browser/pages.sh BINARY
# 77: no chromium, node or npm here; without chromium the pages are validated and not opened.
set -eu
unset CDPATH
binary=$1
here=$(cd -- "$(dirname -- "$0")" && pwd)
root=$(cd -- "$here/../.." && pwd)
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || :)
if ! command -v node > /dev/null || ! command -v npm > /dev/null; then
    echo "SKIPPED: no node or npm here, so no page was validated or opened" >&2
    exit 77
fi
tools=$root/target/browser
packages='axe-core@4.14.1 puppeteer-core@24.43.1 html-validate@10.17.0'
if [ "$(cat "$tools/done" 2> /dev/null)" != "$packages" ]; then
    rm -rf "$tools"
    mkdir -p "$tools"
    # shellcheck disable=SC2086 # several words on purpose
    npm install --silent --no-save --no-audit --no-fund --prefix "$tools" $packages
    printf '%s\n' "$packages" > "$tools/done"
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HOME="$scratch" GIT_CONFIG_NOSYSTEM=1

# Every 400 commits a release branch with fixes of its own, of which main has two in three; hostile subjects among them.
git init -q --bare --initial-branch=main "$scratch/project.git"
awk 'function commit(branch, from, subject, file) {
    at += 20000; mark++
    printf "commit refs/heads/%s\nmark :%d\ncommitter Ann <ann@example.com> %d +0000\ndata <<E\n%s\nE\n", branch, mark, at, subject
    if (from) printf "from :%d\n", from
    printf "M 644 inline %s\ndata <<E\na line of its own, number %d of %s\nE\n\n", file, at, file
    return mark
}
function tag(name, of) {
    printf "tag %s\nfrom :%d\ntagger Ann <ann@example.com> %d +0000\ndata <<E\n%s\nE\n\n", name, of, at, name
}
BEGIN {
    at = 1500000000
    for (number = 1; number <= 4800; number++) {
        subject = number % 97 ? "feat: number " number : "feat: </script><b>bold</b> & \"quoted\" " number
        main = commit("main", main, subject, "src/f" number % 50 ".txt")
        if (number % 400) continue
        minor++; tip = main
        for (fix = 0; fix < 8; fix++) {
            tip = commit("stable/1." minor, tip, "fix: number " fix " of 1." minor, "fixes/" minor "-" fix ".txt")
            if (fix % 3) { at -= 20000; main = commit("main", main, "fix: number " fix " of 1." minor, "fixes/" minor "-" fix ".txt") }
            if (fix % 4 == 3) tag("v1." minor "." (fix == 3 ? 0 : 1), tip)
        }
    }
}' | git -C "$scratch/project.git" fast-import --quiet
echo "$(git -C "$scratch/project.git" rev-list --all --count) commits"
"$binary" report --repo "$scratch/project.git" --policy preset:stable-branches --output "$scratch/project.html"
size=$(wc -c < "$scratch/project.html")
if [ "$size" -gt 2000000 ]; then
    echo "the page has $size bytes" >&2
    exit 1
fi
main=$(git -C "$scratch/project.git" rev-parse main)
zero=0000000000000000000000000000000000000000
# A branch of no line, a mainline that is set back, and a tag of no version.
"$binary" check --repo "$scratch/project.git" --policy preset:stable-branches --format html \
    --ref "refs/heads/<b>=$zero..$main" --ref "refs/heads/main=$main..$main~3" --ref "refs/tags/<i>=$zero..$main" \
    > "$scratch/push.html" || :
for command in landed ledger replay; do
    case $command in
    ledger) words="landed --ledger" ;;
    *) words=$command ;;
    esac
    # shellcheck disable=SC2086 # several words on purpose
    "$binary" $words --repo "$scratch/project.git" --policy preset:stable-branches --format html \
        > "$scratch/$command.html" || :
done
for page in push landed ledger replay; do
    if ! grep -q '<li id="f' "$scratch/$page.html"; then
        echo "$page.html has no finding, so it shows little" >&2
        exit 1
    fi
done
# The page is XML, too, which is written with a slash where an element is empty.
echo '{ "root": true, "extends": ["html-validate:standard", "html-validate:a11y"], "rules": { "void-style": "off" } }' \
    > "$scratch/rules.json"
node "$tools/node_modules/html-validate/bin/html-validate.mjs" --config "$scratch/rules.json" "$scratch"/*.html
echo "$(find "$scratch" -name '*.html' | wc -l) pages are valid HTML"
if [ -z "$chromium" ]; then
    echo "SKIPPED: no chromium here, so no page was opened" >&2
    exit 77
fi
node "$here/page.js" "$tools/node_modules" "$chromium" "$scratch/project.html" "$scratch/push.html" "$scratch/ledger.html"
