"""Builds the site and checks it: `build.py OUT`, with zensical beside this Python.
`build.py gen` writes into the pages what their directives stand for.

OUT/site is the site: a page of HTML for each page, its twin in Markdown beside it,
llms.txt and llms-full.txt. What is in OUT/reference, if it is there, becomes a part of it.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import expand
import links
import sources
from sources import DOCS, ROOT, Wrong

REFERENCES = {
    "rust": "reference/rust/callcta/index.html",
    "python": "reference/python/callcta.html",
    "node": "reference/node/modules/index.html",
    "c": "reference/c/callcta_8h.html",
}


def in_nav(nav):
    """Every page that the navigation names."""
    for entry in nav:
        for target in entry.values():
            yield from in_nav(target) if isinstance(target, list) else [target]


def check_nav(nav, pages):
    """Every page is in the navigation once, and nothing else is."""
    named = list(in_nav(nav))
    there = [page.as_posix() for page in pages]
    wrong = [f"{page} is not in the navigation" for page in there if page not in named]
    wrong += [
        f"the navigation names {page}, which is not there" for page in named if page not in there
    ]
    wrong += [f"the navigation names {page} twice" for page in set(named) if named.count(page) > 1]
    return wrong


def check_errors(docs=DOCS):
    """Kinds, pages, and sections of the four runners hold together."""
    kinds = set(sources.kinds(docs))
    pages = {path.stem for path in (docs / "errors").glob("*.md")} - {"index"}
    wrong = [f"errors/{kind}.md is missing" for kind in sorted(kinds - pages)]
    wrong += [f"errors/{page}.md is about no kind" for page in sorted(pages - kinds)]
    for kind in sorted(kinds & pages):
        text = (docs / f"errors/{kind}.md").read_text(encoding="utf-8")
        for directive in f"<!-- kind: {kind} -->", f"<!-- provoke: {kind} -->":
            if directive not in text:
                wrong.append(f"errors/{kind}.md has no {directive}")
    told = sources.topics(docs)["errors"]
    never = set(told["not_provoked"])
    for language in sources.LANGUAGES:
        path = sources.snippet_file(language, "errors", docs)
        there = set(sources.sections(path.read_text(encoding="utf-8")))
        without = set(told["without"].get(language, {}))
        wanted = kinds - never - without
        wrong += [
            f"{language}/{path.name} does not provoke {kind}" for kind in sorted(wanted - there)
        ]
        wrong += [f"{language}/{path.name} has {kind}, of which topics.toml says it hasn't or can't"
                  for kind in sorted(there - wanted)]  # fmt: skip
    return wrong


def check_topics(docs=DOCS):
    """Every topic is there in every language, every file is a topic, every topic is shown."""
    wrong = []
    pages = [ROOT / "README.md", *(docs / page for page in sources.pages(docs))]
    shown = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    for topic in sources.topics(docs):
        for language in sources.languages_of(topic, docs):
            try:
                sources.snippet_file(language, topic, docs)
            except Wrong as problem:
                wrong.append(str(problem))
        if topic != "errors" and not re.search(rf"<!-- snippet: {topic}[# ]", shown):
            wrong.append(f"no page shows the topic {topic}")
    for language, (_, endings) in sources.FOLDERS.items():
        for path in sorted((docs / "snippets" / language).iterdir()):
            if path.suffix in endings and path.stem not in {
                *sources.topics(docs),
                "run",
                "support",
            }:
                wrong.append(f"{language}/{path.name} is no topic of topics.toml")
    return wrong


def readmes():
    """The Markdown of the repository that is no page of the site."""
    kept = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [ROOT / name for name in kept.stdout.splitlines()]
    pages = {DOCS / page for page in sources.pages()}
    return [file for file in files if file.exists() and file not in pages]


def main(out):
    """Builds everything anew. Returns what is wrong."""
    config = DOCS / "zensical.toml"
    nav = tomllib.loads(config.read_text(encoding="utf-8"))["project"]["nav"]
    pages = sources.pages()
    wrong = (
        check_nav(nav, pages) + check_topics() + check_errors() + links.check_files(ROOT, readmes())
    )
    for page in [ROOT / "README.md", *(DOCS / page for page in pages)] if not wrong else []:
        text = page.read_text(encoding="utf-8")
        if expand.fill(text) != text:
            wrong.append(f"{page.relative_to(ROOT)} is not what `just docs-gen` would write")
    if wrong:
        return wrong

    for folder in "pages", "site", ".cache":
        shutil.rmtree(out / folder, ignore_errors=True)
    site, texts = out / "site", {}
    for page in pages:
        try:
            texts[page] = expand.expand((DOCS / page).read_text(encoding="utf-8"))
            expand.title_and_gist(texts[page])
        except (Wrong, OSError) as problem:
            wrong.append(f"{page}: {problem}")
            continue
        target = out / "pages" / page
        target.parent.mkdir(parents=True, exist_ok=True)
        twin = f'\n<p class="twin"><a href="{page.name}">This page as Markdown</a></p>\n'
        target.write_text(texts[page] + twin, encoding="utf-8")
    if wrong:
        return wrong
    shutil.copytree(DOCS / "theme/assets", out / "pages/assets")
    shutil.copytree(DOCS / "theme/overrides", out / "overrides", dirs_exist_ok=True)
    shutil.copy(config, out)
    done = subprocess.run(
        [Path(sys.executable).parent / "zensical", "build", "--clean", "--strict"],
        cwd=out, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        return [f"zensical failed:\n{done.stdout}{done.stderr}"]

    twins = {page: expand.plain(text) for page, text in texts.items()}
    for page, text in twins.items():
        note = "> All pages: [llms.txt](" + "../" * (len(page.parts) - 1) + "llms.txt)\n\n"
        (site / page).write_text(note + text, encoding="utf-8")
    write_llms(site, nav, twins)

    references = out / "reference"
    if references.is_dir():
        shutil.copytree(references, site, dirs_exist_ok=True)
        wrong += [
            f"{path} was not built" for path in REFERENCES.values() if not (site / path).exists()
        ]
        missing_ok = set()
    else:
        missing_ok = set(REFERENCES.values())
    problems, counted = links.check(site, missing_ok, {f"reference/{name}" for name in REFERENCES})
    for page, text in twins.items():
        problems += links.check_markdown(site, page, text, missing_ok)
        problems += links.check_samples(page, text)
    print(f"{len(pages)} pages, {counted} links, {len(problems)} wrong")
    return wrong + problems


def write_llms(site, nav, twins):
    """llms.txt, the list of all twins, and llms-full.txt, all of them in one."""
    lines = ["# callcta", "", "> A Call Now button in a Messenger conversation, and the truth about "
             "what became of it. For Rust, Python, TypeScript and C.", ""]  # fmt: skip
    for entry in nav:
        ((section, target),) = entry.items()
        lines += [f"## {section}", ""]
        for page in in_nav([entry]):
            title, gist = expand.title_and_gist(twins[Path(page)])
            lines.append(f"- [{title}]({page}): {gist}")
        lines.append("")
    (site / "llms.txt").write_text("\n".join(lines), encoding="utf-8")
    order = [Path(page) for page in in_nav(nav)]
    (site / "llms-full.txt").write_text(
        "\n\n".join(twins[page] for page in order), encoding="utf-8"
    )


def gen():
    """Fills every page, and the README at the top."""
    for page in [ROOT / "README.md", *(DOCS / page for page in sources.pages())]:
        text = page.read_text(encoding="utf-8")
        filled = expand.fill(text)
        if filled != text:
            page.write_text(filled, encoding="utf-8")
            print(page.relative_to(ROOT))


if __name__ == "__main__":
    if sys.argv[1:] == ["gen"]:
        sys.exit(gen())
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    found = main(folder)
    print("\n".join(found), file=sys.stderr)
    sys.exit(1 if found else 0)
