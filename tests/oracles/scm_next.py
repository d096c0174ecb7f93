"""For every line `TAG<TAB>DISTANCE`: the version that setuptools_scm's guess-next-dev gives; `!` where it refuses."""
import sys

from packaging.version import Version
from setuptools_scm import Configuration
from setuptools_scm.version import ScmVersion, guess_next_dev_version

config = Configuration()
for line in sys.stdin:
    tag, distance = line.rstrip("\n").split("\t")
    scm = ScmVersion(tag=Version(tag), config=config, distance=int(distance))
    try:
        print(guess_next_dev_version(scm))
    except ValueError:
        print("!")
