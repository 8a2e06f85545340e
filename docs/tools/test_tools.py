"""The checks find what they are for: run by `just site`."""

import json
import shutil
import tempfile
import unittest
from pathlib import Path

import build
import expand
import links
import sources


class Copy(unittest.TestCase):
    """Works on a copy of the documents."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.docs = Path(folder.name) / "docs"
        ignored = shutil.ignore_patterns("node_modules", "build", "__pycache__")
        shutil.copytree(sources.DOCS, self.docs, ignore=ignored)

    def edit(self, path, old, new):
        text = (self.docs / path).read_text(encoding="utf-8")
        self.assertIn(old, text)
        (self.docs / path).write_text(text.replace(old, new), encoding="utf-8")

    def test_the_documents_hold_together(self):
        self.assertEqual(build.check_topics(self.docs), [])
        self.assertEqual(build.check_errors(self.docs), [])

    def test_a_topic_that_a_language_lacks_is_found(self):
        (self.docs / "snippets/node/many.ts").unlink()
        self.assertEqual(
            build.check_topics(self.docs), ["the topic many has 0 files in node, not one"]
        )

    def test_a_topic_in_one_language_only_needs_a_reason(self):
        self.edit("snippets/topics.toml", 'why = "Celery', 'because = "Celery')
        with self.assertRaisesRegex(sources.Wrong, "doesn't say why"):
            build.check_topics(self.docs)

    def test_a_file_that_is_no_topic_is_found(self):
        (self.docs / "snippets/c/more.c").write_text("int main(void) { return 0; }\n")
        self.assertEqual(build.check_topics(self.docs), ["c/more.c is no topic of topics.toml"])

    def test_a_topic_that_no_page_shows_is_found(self):
        self.edit("guides/many.md", "<!-- snippet: many -->", "x")
        self.assertEqual(build.check_topics(self.docs), ["no page shows the topic many"])

    def test_a_kind_without_a_page_is_found(self):
        (self.docs / "errors/timeout.md").unlink()
        self.assertEqual(build.check_errors(self.docs), ["errors/timeout.md is missing"])

    def test_a_new_kind_wants_a_page_and_four_examples(self):
        table = json.loads((self.docs / "data/errors.json").read_text(encoding="utf-8"))
        table["kinds"].append({**table["kinds"][0], "kind": "brand_new"})
        (self.docs / "data/errors.json").write_text(json.dumps(table), encoding="utf-8")
        found = build.check_errors(self.docs)
        self.assertEqual(found[0], "errors/brand_new.md is missing")
        self.assertEqual(sum("does not provoke brand_new" in wrong for wrong in found), 4)

    def test_an_example_that_a_language_lacks_is_found(self):
        self.edit("snippets/rust/errors.rs", "[begin network]", "[begin netwerk]")
        self.assertEqual(build.check_errors(self.docs), [
            "rust/errors.rs does not provoke network",
            "rust/errors.rs has netwerk, of which topics.toml says it hasn't or can't",
        ])  # fmt: skip

    def test_a_page_that_shows_no_example_is_found(self):
        self.edit("errors/service.md", "<!-- provoke: service -->", "x")
        self.assertEqual(
            build.check_errors(self.docs), ["errors/service.md has no <!-- provoke: service -->"]
        )

    def test_pages_and_navigation_must_agree(self):
        nav = [{"Home": "index.md"}, {"More": [{"One": "a.md"}, {"Two": "a.md"}, {"Gone": "c.md"}]}]
        found = build.check_nav(nav, [Path("index.md"), Path("a.md"), Path("b.md")])
        self.assertEqual(len(found), 3)
        self.assertIn("b.md is not in the navigation", found)


class Links(unittest.TestCase):
    """Links of a site."""

    def check(self, body, **others):
        with tempfile.TemporaryDirectory() as folder:
            site = Path(folder)
            (site / "a.html").write_text(f'<h2 id="here">x</h2>{body}')
            (site / "sub").mkdir()
            for name, text in others.items():
                (site / "sub" / f"{name}.html").write_text(text)
            return links.check(site)

    def test_good_ones_are_good(self):
        body = '<a href="#here">x</a> <a href="sub/b.html#there">x</a> <img src="https://example.com/x.png">'
        self.assertEqual(self.check(body, b='<p id="there"> <a href="../a.html">x</a>'), ([], 4))

    def test_bad_ones_are_found(self):
        for link in (
            "#nowhere",
            "gone.html",
            "sub/b.html#gone",
            "../out.html",
            "/a.html",
            "javascript:x",
        ):
            with self.subTest(link):
                problems, _ = self.check(f'<a href="{link}">x</a>', b="<p>")
                self.assertEqual(len(problems), 1)

    def test_a_link_to_a_file_that_is_gone_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder, "README.md")
            page.write_text(
                "[a](README.md) [b](gone.md#x) [c](https://example.com)\n```\n[d](no.md)\n```\n"
            )
            self.assertEqual(
                links.check_files(Path(folder), [page]), ["README.md: gone.md#x leads nowhere"]
            )

    def test_a_sample_must_be_json(self):
        self.assertEqual(links.check_samples("a.md", '```json\n{"a": 1}\n```\n'), [])
        self.assertEqual(len(links.check_samples("a.md", '```json title="x"\n{"a": 1,}\n```\n')), 1)


class Pages(unittest.TestCase):
    """Expanding pages."""

    def test_a_directive_keeps_its_indent(self):
        text = expand.expand('=== "C"\n\n    <!-- snippet: start -->\n')
        self.assertIn('    === "Rust"\n\n        ```rust title="start.rs"\n', text)

    def test_a_page_is_filled_and_emptied(self):
        page = (
            "x\n\n<!-- output: window -->\n\n  <!-- snippet: window#catch -->\n\n<!-- limits -->\n"
        )
        filled = expand.fill(page)
        self.assertIn("kept until the person writes again\n```\n\n<!-- /output -->\n\n", filled)
        self.assertIn("\n  **Python**\n", filled)
        self.assertEqual((expand.fill(filled), expand.emptied(filled)), (filled, page))
        self.assertEqual(expand.expand(filled), expand.expand(page))

    def test_a_new_directive_before_a_filled_one_swallows_nothing(self):
        page = "<!-- output: window -->\n\nbetween\n\n" + expand.fill("<!-- output: start -->\n")
        self.assertEqual(
            expand.emptied(page), "<!-- output: window -->\n\nbetween\n\n<!-- output: start -->\n"
        )

    def test_an_unknown_directive_is_an_error(self):
        with self.assertRaises(sources.Wrong):
            expand.expand("<!-- snipet: start -->")

    def test_markers_of_sections_are_not_shown(self):
        code, _, _ = sources.code_of("python", "card")
        self.assertNotIn("[begin", code)
        section, _, _ = sources.code_of("rust", "card", "generic")
        self.assertTrue(section.startswith("let card ="))

    def test_a_twin_has_no_tabs(self):
        page = 'x\n\n=== "A"\n\n    ```sh title="f"\n    a\n\n      b\n    ```\n\n=== "B"\n\n    b\n\nend\n'
        self.assertEqual(
            expand.plain(page), "x\n\n**A**\n\n```sh f\na\n\n  b\n```\n\n**B**\n\nb\n\nend\n"
        )


if __name__ == "__main__":
    unittest.main()
