"""Turns a page into what the generator reads, and that into Markdown for everybody else."""

import json
import re
import textwrap
from urllib.parse import quote

import sources
from sources import DOCS, FOLDERS, LANGUAGES, ROOT, Wrong

DIRECTIVE = re.compile(r"^( *)<!-- ([a-z]+)(?:: (.+?))? -->$", re.MULTILINE)


def block(code, marker, title=None):
    """A block of code."""
    fence = "````" if "```" in code else "```"
    named = f' title="{title}"' if title else ""
    return f"{fence}{marker}{named}\n{code.rstrip()}\n{fence}\n"


def tab(name, body):
    """One of several alternatives."""
    return f'=== "{name}"\n\n' + textwrap.indent(body, "    ") + "\n"


def snippet(argument):
    """A topic, or a section of it, in each language that says it."""
    topic, _, section = argument.partition("#")
    tabs = []
    for language in sources.languages_of(topic):
        code, marker, name = sources.code_of(language, topic, section or None)
        tabs.append(
            (FOLDERS[language][0], block(code, marker, name if language != "shell" else None))
        )
    if len(tabs) == 1:
        return tabs[0][1]
    return "".join(tab(*each) for each in tabs)


def output(topic):
    """What a topic prints."""
    text = sources.expected(topic)
    if text is None:
        raise Wrong(f"nobody says what the topic {topic} prints")
    return block(text, "text", "prints")


def file(argument):
    """A file, as it is, by its path from the snippets; `PATH as NAME` gives it another name."""
    name, _, shown = argument.partition(" as ")
    path = DOCS / "snippets" / name
    markers = {
        ".toml": "toml",
        ".json": "json",
        ".yml": "yaml",
        ".sh": "sh",
        ".csv": "text",
        ".mjs": "js",
    }
    for _, endings in LANGUAGES.values():
        markers |= endings
    marker = markers.get(path.suffix, "dockerfile")
    return block(sources.whole(path.read_text(encoding="utf-8")), marker, shown or path.name)


def requests(arranged):
    """Requests to the emulator's control API, for a shell."""
    lines = []
    for method, path, body in arranged:
        given = f" -d '{json.dumps(body)}'" if body is not None else ""
        verb = "" if method == "POST" and given else f" -X {method}"
        lines.append(f'curl -s{verb} "$CALLCTA_CONTROL_URL/{path}"{given}')
    return block("\n".join(lines), "sh")


def arrange(argument):
    """What the emulator is told before a topic."""
    return requests(sources.topics()[argument]["arrange"])


def provoke(kind):
    """How a kind of error is made to happen: for any program, then in each language."""
    told = sources.topics()["errors"]
    unlike = told["not_provoked"].get(kind)
    if unlike:
        return unlike + "\n"
    text = ""
    if arranged := told["arranged"].get(kind):
        text += (
            "In a shell, before the send, for a program of any language:\n\n"
            + requests(arranged)
            + "\n"
        )
    tabs = []
    for language in LANGUAGES:
        if why := told["without"].get(language, {}).get(kind):
            tabs.append(tab(LANGUAGES[language][0], why + "\n"))
        else:
            code, marker, _ = sources.code_of(language, "errors", kind)
            tabs.append(tab(LANGUAGES[language][0], block(code, marker)))
    return text + "".join(tabs)


def kind(name):
    """What the core's table says about a kind."""
    told = sources.kinds()[name]
    classes = "".join(part.title() for part in name.split("_"))
    python = {"Timeout": "SendTimeout"}.get(classes, classes) + "Error"
    delivery = f"`{told['delivery']}`" if told["delivery"] else "as far as the send had come"
    rows = [
        ("What happened", told["what"]),
        ("Delivery", f"{delivery} ([what that means](../concepts/delivery.md))"),
        ("What to do", told["advice"]),
        ("Rust", f"`ErrorKind::{told['variant']}`"),
        ("Python", f"`callcta.{python}`"),
        ("TypeScript", f"`error.kind === '{name}'`, `error.code === 'CALLCTA_{name.upper()}'`"),
        ("C", f"`CALLCTA_{name.upper()}` ({told['number']})"),
    ]
    text = "| | |\n|---|---|\n" + "".join(f"| {a} | {b} |\n" for a, b in rows)
    if told["codes"]:
        text += "\n## Codes that mean it\n\n| code | subcode | means |\n|---|---|---|\n"
        for row in told["codes"]:
            sub = "any other" if row["subcode"] is None else row["subcode"]
            text += f"| {row['code']} | {sub} | {row['what']} |\n"
    return text


def kinds(_):
    """A table of all kinds."""
    text = "| kind | in words | delivery | number in C |\n|---|---|---|---|\n"
    for name, told in sources.kinds().items():
        delivery = told["delivery"] or "it depends"
        text += f"| [`{name}`]({name}.md) | {told['what']} | {delivery} | {told['number']} |\n"
    return text


def limits(_):
    """A table of the platform's numbers."""
    text = "| | what it is, and where that is said |\n|---|---|\n"
    for name, value, doc in sources.limits():
        text += f"| `{name}`<br>`{value}` | {' '.join(doc)} |\n"
    return text


def commands(_):
    """The help of each command of the program."""
    return "\n".join(f"## {name}\n\n{block(text, 'text')}" for name, text in sources.commands())


def control(_):
    """The emulator's control API."""
    api = json.loads((ROOT / "crates/callcta-emulator/openapi.json").read_text(encoding="utf-8"))
    text = api["info"]["description"] + "\n"
    for path, operations in api["paths"].items():
        for method, told in operations.items():
            if method == "parameters":
                continue
            text += f"\n## {method.upper()} {path}\n\n{told['summary']}. {told.get('description', '')}\n\n"
            for given in told.get("parameters", []) + operations.get("parameters", []):
                text += f"- `{given['name']}` ({given['in']}): {given.get('description', '')}\n"
            for status, answer in told["responses"].items():
                content = answer.get("content", {}).get("application/json", {})
                holds = of_schema(content.get("schema", {}))
                text += f"- **{status}**: {answer['description']} {holds if '#' in holds else ''}\n"
            body = told.get("requestBody", {}).get("content", {}).get("application/json", {})
            if "example" in body:
                text += f"\nTakes {of_schema(body['schema'])}, such as\n\n"
                text += block(json.dumps(body["example"]), "json")
    for name, schema in api["components"]["schemas"].items():
        text += f"\n## {name}\n\n{schema.get('description', '')}\n\n"
        fields = schema.get("properties", {})
        if fields:
            text += "| field | | |\n|---|---|---|\n"
        for field, told in fields.items():
            said = told.get("description", "").replace("|", "\\|")
            text += f"| `{field}` | {of_schema(told)} | {said} |\n"
    return text


def of_schema(schema):
    """What a schema takes, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    for several in "oneOf", "anyOf":
        if several in schema:
            return " or ".join(dict.fromkeys(of_schema(each) for each in schema[several]))
    kinds = schema.get("type", "anything")
    if kinds == "array":
        return f"list of {of_schema(schema.get('items', {}))}"
    values = schema.get("additionalProperties")
    if kinds == "object" and isinstance(values, dict) and values:
        return f"object of {of_schema(values)}"
    return " or ".join([kinds] if isinstance(kinds, str) else kinds)


DIRECTIVES = {
    each.__name__: each
    for each in (
        snippet, output, file, arrange, provoke, kind, kinds, limits, commands, control
    )
}  # fmt: skip


# What stands in the committed page too, for those who read that: up to a closing mark.
KEPT = {"snippet", "output", "file", "arrange", "provoke", "kind", "kinds"}
FILLED = re.compile(
    r"^( *)(<!-- ([a-z]+)(?:: [^\n]+?)? -->)\n(?:(?!^ *<!-- [a-z/]).)*^ *<!-- /\3 -->$",
    re.MULTILINE | re.DOTALL,
)


def emptied(text):
    """A page with its directives alone."""
    return FILLED.sub(r"\1\2", text)


def result(found):
    """What a directive stands for."""
    _, name, argument = found.groups()
    if name not in DIRECTIVES:
        raise Wrong(f"no such directive: {name}")
    return DIRECTIVES[name](argument).strip("\n")


def expand(text):
    """A page as the generator reads it."""
    return DIRECTIVE.sub(lambda found: textwrap.indent(result(found), found[1]), emptied(text))


def fill(text):
    """A page as it is committed: each directive with what it stands for, as far as that is
    to be read in the repository."""

    def put(found):
        if found[2] not in KEPT:
            return found[0]
        filled = textwrap.indent(plain(result(found)).strip("\n"), found[1])
        return f"{found[0]}\n\n{filled}\n\n{found[1]}<!-- /{found[2]} -->"

    return DIRECTIVE.sub(put, emptied(text))


TAB = re.compile(r'^( *)=== "(.+)"$')
NOTE = re.compile(r'^( *)(?:!!!|\?\?\?) (\w+)(?: "(.+)")?$')


def plain(text):
    """A page as Markdown without what only the generator knows: tabs become paragraphs."""
    lines, depth = [], []
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        while depth and line.strip() and indent < depth[-1]:
            depth.pop()
        line = line[4 * len(depth) :] if line.strip() else ""
        if begun := TAB.match(line) or NOTE.match(line):
            name = begun[2] if begun.re is TAB else (begun[3] or begun[2].title())
            lines.append(f"{begun[1]}**{name}**")
            depth.append(4 * (len(depth) + 1) + len(begun[1]))
        else:
            lines.append(re.sub(r'^( *`{3,}\w*) title="(.*)"$', r"\1 \2", line))
    return "\n".join(lines).rstrip() + "\n"


def title_and_gist(text):
    """A page's heading and its first paragraph, on one line each."""
    found = re.match(r"# (.+)\n+((?:.+\n)+)", text)
    if not found:
        raise Wrong("a page begins with a heading and a paragraph")
    gist = " ".join(found[2].split())
    return found[1], re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", gist)


def anchor(path):
    """A page's address in the site."""
    return quote(path.with_suffix(".html").as_posix())
