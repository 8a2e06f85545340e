"""Writes what is in a binary of others, and under which licences.

    python3 notices.py TARGET PACKAGE… > FILE

What only builds it or tests it isn't listed. What zig links into a binary for Linux is, if zig is
there.
"""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

target, *roots = sys.argv[1:]


def cargo(*command):
    return subprocess.run(
        ["cargo", *command, "--locked"], check=True, stdout=subprocess.PIPE
    ).stdout


metadata = json.loads(cargo("metadata", "--format-version=1", "--filter-platform", target))
packages = {(it["name"], it["version"]): it for it in metadata["packages"]}

# What a binary holds: no tools of the build, no macros, nothing of the tests.
held = set()
for root in roots:
    edges = ("--edges=normal,no-proc-macro", "--prefix=none", "--format={p}")
    tree = cargo("tree", "--package", root, "--target", target, *edges).decode()
    held |= {(name, version[1:]) for name, version, *_ in map(str.split, tree.splitlines())}

# A line of who has the rights; what a licence has for an example of one says nothing.
HOLDER = re.compile(r"\s*(Copyright:?\s+(\([cC]\)|©|\d|[A-Z])|(\([cC]\)|©)\s*\d)")
EXAMPLE = re.compile(r"\s*Copyright [\[{]yyyy[\]}]")

# Most of the texts are the same but for their lines and whose they are: each is written once.
texts, users = {}, {}


def add(who, text):
    lines = text.strip().splitlines()
    holders = [line.strip() for line in lines if HOLDER.match(line)]
    lines = [line for line in lines if line.strip() not in holders]
    words = " ".join(" ".join(line for line in lines if not EXAMPLE.match(line)).split())
    texts.setdefault(words, "\n".join(lines).strip())
    users.setdefault(words, {}).setdefault(who, {}).update(dict.fromkeys(holders))


for package in map(packages.get, sorted(held)):
    if package["source"] is None:
        continue
    folder = Path(package["manifest_path"]).parent
    named = re.compile(r"(LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|UNLICENSE)", re.I)
    files = [file for file in sorted(folder.iterdir()) if named.match(file.name) and file.is_file()]
    who = f"{package['name']} {package['version']} ({package['license']})"
    for file in files:
        add(who, file.read_text("utf-8"))
    if not files:
        authors = ", ".join(package["authors"]) or "its authors"
        add(who, f"The package holds no text of its licence. By {authors}.")

zig = importlib.util.find_spec("ziglang") if "linux" in target else None
if zig:
    (folder,) = map(Path, zig.submodule_search_locations)
    add("Zig's compiler-rt (MIT)", (folder / "LICENSE").read_text("utf-8"))
    libunwind = folder / "lib/libunwind/LICENSE.TXT"
    add("LLVM's libunwind (Apache-2.0 WITH LLVM-exception)", libunwind.read_text("utf-8"))
    if target.endswith("musl"):
        add("musl (MIT)", (folder / "lib/libc/musl/COPYRIGHT").read_text("utf-8"))

print("What is in this binary of others, and under which licences. Rust's standard library is")
print("part of it as well: MIT or Apache-2.0, by the Rust project's developers.")
for words, holders in sorted(users.items(), key=lambda item: min(item[1])):
    print("\n" + "=" * 80)
    for who in sorted(holders):
        print(who, *holders[who], sep="\n    ")
    print("=" * 80, "", texts[words], sep="\n")
