"""The version, which Cargo.toml decides, and the places that repeat it.

    python3 version.py          prints it
    python3 version.py check    fails where it isn't repeated
    python3 version.py X.Y.Z    sets it, and gives the changelog's unreleased lines to it

Three numbers, since that is a version to every registry.
"""

import datetime
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CARGO = "Cargo.toml"
CHANGELOG = "CHANGELOG.md"
UNRELEASED = "## [Unreleased]"
VERSION = r"\d+\.\d+\.\d+"

# Files and what stands around the version, @, in them, which must be there.
PLACES = [
    (CARGO, r'(?<=^version = ")@(?=")'),
    (CARGO, r'(?<= version = ")@(?=" \}$)'),
    ("bindings/node/package.json", r'(?<=^  "version": ")@(?=")'),
    ("bindings/node/package-lock.json", r'(?<="name": "callcta",\n  "version": ")@(?=")'),
    ("bindings/node/package-lock.json", r'(?<="name": "callcta",\n      "version": ")@(?=")'),
    ("bindings/c/include/callcta.h", r'(?<=#define CALLCTA_VERSION ")@(?=")'),
    ("crates/callcta-emulator/openapi.json", r'(?<=^    "version": ")@(?=")'),
]
# Wherever they stand: names of files, and what CMake is asked for.
ANYWHERE = [
    r"(?<=\bcallcta-)@",
    r"(?<=-gnu-)@(?=\.tgz)",
    r"(?<=-source-)@(?=\.tgz)",
    r"(?<=\b[Cc]allcta )\d+\.\d+(?= REQUIRED)",
]


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", *patterns], check=True, capture_output=True
    ).stdout.decode()
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def patterns(place):
    return re.compile(place.replace("@", VERSION), re.M)


def written(pattern, version):
    """What stands for the version there: CMake is asked for a series."""
    return version if "@" in pattern else version.rpartition(".")[0]


def current():
    return patterns(PLACES[0][1]).search((ROOT / CARGO).read_text("utf-8"))[0]


def everywhere():
    """Each file that repeats the version, with the pattern."""
    yield from PLACES
    for name in tracked("*.md", "*.in", "*Dockerfile", "*.yml"):
        if name != CHANGELOG:
            yield from ((name, pattern) for pattern in ANYWHERE)


def check():
    version, wrong = current(), []
    for place in everywhere():
        name, pattern = place
        found = patterns(pattern).findall((ROOT / name).read_text("utf-8"))
        if not found and place in PLACES:
            wrong.append(f"{name}: no version where it should be: {pattern}")
        wrong += (
            f"{name}: {other} is not {written(pattern, version)}"
            for other in found
            if other != written(pattern, version)
        )
    headings = re.findall(r"^## .*", (ROOT / CHANGELOG).read_text("utf-8"), re.M)
    if headings[:1] != [UNRELEASED]:
        wrong.append(f"{CHANGELOG}: the first heading is not {UNRELEASED!r}")
    if headings[1:] and not headings[1].startswith(f"## [{version}] - "):
        wrong.append(f"{CHANGELOG}: the newest release is not {version}")
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"version {version} everywhere")


def change(version):
    if not re.fullmatch(VERSION, version):
        sys.exit(f"no version: {version}")
    for name, pattern in everywhere():
        file = ROOT / name
        text = file.read_text("utf-8")
        changed = patterns(pattern).sub(written(pattern, version), text)
        if changed != text:
            file.write_text(changed, "utf-8")
    file = ROOT / CHANGELOG
    text = file.read_text("utf-8")
    if f"## [{version}]" not in text:
        heading = f"{UNRELEASED}\n\n## [{version}] - {datetime.date.today()}"
        file.write_text(text.replace(UNRELEASED, heading, 1), "utf-8")
    subprocess.run(["cargo", "update", "--workspace", "--offline", "--quiet"], cwd=ROOT, check=True)


match sys.argv[1:]:
    case []:
        print(current())
    case ["check"]:
        check()
    case [version]:
        change(version)
    case _:
        sys.exit(__doc__)
