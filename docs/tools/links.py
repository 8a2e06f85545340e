"""Checks that every link inside a built site leads somewhere, without a network."""

import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

ATTRIBUTES = {"href", "src"}
# What can lead out of the site.
OUTSIDE = {"https", "mailto", "data"}


class Page(HTMLParser):
    """What a page links to, and the places in it that can be linked to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.places = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in {"id", "name"} and value:
                self.places.add(value)
            if name in ATTRIBUTES and value:
                self.links.append(value)


def lead(site, origin, link, pages, missing_ok):
    """What is wrong with a link of the page `origin`, a path below `site`; None if nothing."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        known = parts.scheme in OUTSIDE or (
            parts.scheme == "http" and parts.hostname == "127.0.0.1"
        )
        return None if known else f"{origin}: {link} leads to a strange place"
    path = unquote(parts.path)
    if path.startswith("/"):
        return f"{origin}: {link} needs the site to be at the top of a host"
    target = (site / origin).parent.joinpath(path).resolve() if path else (site / origin).resolve()
    if not target.is_relative_to(site):
        return f"{origin}: {link} leads out of the site"
    if target.is_dir():
        target /= "index.html"
    name = target.relative_to(site).as_posix()
    if name in missing_ok:
        return None
    if not target.is_file():
        return f"{origin}: {link} leads nowhere"
    if parts.fragment and name in pages and unquote(parts.fragment) not in pages[name].places:
        return f"{origin}: there is no {link}"
    return None


def check(site, missing_ok=(), not_ours=()):
    """What is wrong with the links of a site, and how many there are. Of the folders
    `not_ours`, which other programs wrote, only what is linked to is looked at."""
    site = site.resolve()
    pages = {}
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        if not any(name.startswith(folder + "/") for folder in not_ours):
            pages[name] = Page(path.read_text(encoding="utf-8"))
    problems, counted = [], 0
    for name, page in pages.items():
        # Its links are for wherever it is shown.
        for link in page.links if name != "404.html" else []:
            counted += 1
            problem = lead(site, name, link, pages, missing_ok)
            if problem:
                problems.append(problem)
    return problems, counted


def check_files(root, files):
    """What is wrong with the links of Markdown files to other files of the repository."""
    problems = []
    for file in files:
        for link in links_in(file.read_text(encoding="utf-8")):
            parts = urlsplit(link)
            if not parts.scheme and parts.path and not (file.parent / unquote(parts.path)).exists():
                problems.append(f"{file.relative_to(root)}: {link} leads nowhere")
    return problems


def links_in(text):
    """The targets of a Markdown text's links."""
    without_code = re.sub(r"^ *(`{3,}).*?^ *\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", without_code)


def check_samples(page, text):
    """What is wrong with the JSON on a page: each block must be read by a parser."""
    problems = []
    for sample in re.findall(r"^ *```json[^\n]*\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        try:
            json.loads(sample)
        except ValueError as problem:
            problems.append(f"{page}: a sample is no JSON: {problem}")
    return problems


def check_markdown(site, page, text, missing_ok=()):
    """What is wrong with the links of a page in Markdown."""
    site = site.resolve()
    found = links_in(text)
    problems = (lead(site, page.as_posix(), link.split("#")[0], {}, missing_ok) for link in found)
    return [problem for problem in problems if problem]
