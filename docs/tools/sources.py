"""What the pages are made of: the pages themselves, the snippets, the code's own tables."""

import json
import re
import textwrap
import tomllib
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent
ROOT = DOCS.parent

# Language, name of its tab, endings of its files and the marker of a code block.
LANGUAGES = {
    "rust": ("Rust", {".rs": "rust"}),
    "python": ("Python", {".py": "python"}),
    "node": ("TypeScript", {".ts": "ts"}),
    "c": ("C", {".c": "c", ".sh": "sh"}),
}
# Beside the languages: commands of the program. Only topics that say so are in it.
FOLDERS = {**LANGUAGES, "shell": ("Shell", {".sh": "sh"})}
# Folders of this one that hold no pages.
NO_PAGES = {"snippets", "tools", "data", "theme"}

BEGIN = re.compile(r"^\s*(?://|#|/\*) \[begin (\w+)\](?: \*/)?$")
END = re.compile(r"^\s*(?://|#|/\*) \[end\](?: \*/)?$")


class Wrong(Exception):
    """Something in the documents is not as it should be."""


def pages(docs=DOCS):
    """The path of every page, relative to the documents' folder."""
    found = (path.relative_to(docs) for path in docs.rglob("*.md"))
    return sorted(p for p in found if p.parts[0] not in NO_PAGES and p.name != "README.md")


def topics(docs=DOCS):
    """What topics.toml says about each topic."""
    return tomllib.loads((docs / "snippets/topics.toml").read_text(encoding="utf-8"))


def kinds(docs=DOCS):
    """The core's own table of kinds, by name."""
    table = json.loads((docs / "data/errors.json").read_text(encoding="utf-8"))
    return {kind["kind"]: kind for kind in table["kinds"]}


def snippet_file(language, topic, docs=DOCS):
    """The one file that says a topic in a language."""
    folder, endings = docs / "snippets" / language, FOLDERS[language][1]
    found = [folder / (topic + ending) for ending in endings]
    found = [path for path in found if path.exists()]
    if len(found) != 1:
        raise Wrong(f"the topic {topic} has {len(found)} files in {folder.name}, not one")
    return found[0]


def languages_of(topic, docs=DOCS):
    """The languages that a topic must be said in: all, unless topics.toml says why not."""
    told = topics(docs).get(topic)
    if told is None:
        raise Wrong(f"the topic {topic} is not in topics.toml")
    if "only" in told and not told.get("why"):
        raise Wrong(f"the topic {topic} is in some languages only, and topics.toml doesn't say why")
    return told.get("only", list(LANGUAGES))


def whole(text):
    """A file without the lines that mark its sections."""
    kept = [line for line in text.splitlines() if not BEGIN.match(line) and not END.match(line)]
    return "\n".join(kept).strip("\n") + "\n"


def sections(text):
    """The marked sections of a file, by name."""
    found, name, lines = {}, None, []
    for line in text.splitlines():
        if begun := BEGIN.match(line):
            if name:
                raise Wrong(f"the section {name} has no end")
            name, lines = begun[1], []
        elif END.match(line):
            if not name or name in found:
                raise Wrong(f"a section's end without a beginning, or {name} twice")
            found[name] = textwrap.dedent("\n".join(lines)).strip("\n") + "\n"
            name = None
        elif name:
            lines.append(line)
    if name:
        raise Wrong(f"the section {name} has no end")
    return found


def code_of(language, topic, section=None, docs=DOCS):
    """A snippet's code and the marker of its block."""
    path = snippet_file(language, topic, docs)
    text = path.read_text(encoding="utf-8")
    marker = FOLDERS[language][1][path.suffix]
    if section is None:
        return whole(text), marker, path.name
    found = sections(text)
    if section not in found:
        raise Wrong(f"{language}/{path.name} has no section {section}")
    return found[section], marker, None


def expected(topic, docs=DOCS):
    """What the snippets of a topic print, the same in each language."""
    path = docs / "snippets" / f"{topic}.out"
    return path.read_text(encoding="utf-8") if path.exists() else None


LIMIT = re.compile(r"((?:^///.*\n)+)^pub const (\w+): [^=]+ = (.+?);$", re.MULTILINE)


def limits():
    """Each number of limits.rs: name, value, and its documentation in paragraphs."""
    text = (ROOT / "crates/callcta/src/limits.rs").read_text(encoding="utf-8")
    for doc, name, value in LIMIT.findall(re.sub(r"\[\n.*?\n\];", "[…];", text, flags=re.DOTALL)):
        lines = "\n".join(line.removeprefix("///").strip() for line in doc.splitlines())
        yield name, value, [" ".join(part.split()) for part in lines.split("\n\n")]


def commands():
    """The help of each command of the program, as its tests keep it."""
    folder = ROOT / "crates/callcta-cli/tests/cli/snapshots"
    for path in sorted(folder.glob("cli__help__help-*.snap")):
        _, _, text = path.read_text(encoding="utf-8").split("---\n", 2)
        words = path.stem.removeprefix("cli__help__help-").split("-")
        name = " ".join(words if words == ["callcta"] else ["callcta", *words])
        yield name, text.strip("\n")
