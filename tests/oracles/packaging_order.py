"""For every line `A<TAB>B`: `<`, `=` or `>` as PyPI's packaging orders them; `!` where it refuses one."""
import sys

from packaging.version import InvalidVersion, Version

for line in sys.stdin:
    left, right = line.rstrip("\n").split("\t")
    try:
        left, right = Version(left), Version(right)
    except InvalidVersion:
        print("!")
        continue
    print("<" if left < right else ">" if left > right else "=")
