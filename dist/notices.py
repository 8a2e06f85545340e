"""Writes what is in a binary of others, and under which licences.

    python3 notices.py TARGET PACKAGE… > FILE

What only builds it or tests it isn't listed.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

target, *roots = sys.argv[1:]
command = ["cargo", "metadata", "--locked", "--format-version=1", "--filter-platform", target]
metadata = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}

# What a binary holds: no tools of the build, no macros, nothing of the tests.
reached = set()
left = [id for id, package in packages.items() if package["name"] in roots]
while left:
    id = left.pop()
    if id in reached or any("proc-macro" in kind["kind"] for kind in packages[id]["targets"]):
        continue
    reached.add(id)
    for dependency in nodes[id]["deps"]:
        if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
            left.append(dependency["pkg"])

# Most of the texts are the same but for their lines: each is written once.
users, written = {}, {}
for id in sorted(reached):
    package = packages[id]
    if package["source"] is None:
        continue
    folder = Path(package["manifest_path"]).parent
    named = re.compile(r"(LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|UNLICENSE)", re.I)
    texts = [file for file in sorted(folder.iterdir()) if named.match(file.name) and file.is_file()]
    who = f"{package['name']} {package['version']} ({package['license']})"
    authors = ", ".join(package["authors"]) or "its authors"
    for text in [text.read_text("utf-8").strip() for text in texts] or [
        f"The package holds no text of its licence. By {authors}."
    ]:
        text = written.setdefault(" ".join(text.split()), text)
        users.setdefault(text, set()).add(who)

print("What is in this binary of others, and under which licences. Rust's standard library is")
print("part of it as well: MIT or Apache-2.0, by the Rust project's developers.")
for text, who in sorted(users.items(), key=lambda item: sorted(item[1])):
    print("\n" + "=" * 80, *sorted(who), "=" * 80, "", text, sep="\n")
