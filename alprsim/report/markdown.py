"""The page as Markdown: its words and tables, its pictures as SVG files beside it, for repositories, wikis and papers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

from alprsim.report._picture import standalone

_SCRIPTED = re.compile(r"<(script|style|template|form)\b.*?</\1>", re.S)
"""What only the page's script uses."""
_ENDS = re.compile(r"<svg\b|</svg>")
_HEADINGS = {"h1": "#", "h2": "##", "h3": "###"}
_BLOCKS = {
    "p",
    "figcaption",
    "dt",
    "dd",
    "summary",
    "caption",
    "pre",
    "div",
    "section",
    "details",
    "figure",
    "ul",
    "dl",
    "li",
}
_LOUD = {"strong": "**", "em": "*", "code": "`"}
_EMPTY = ("img", "br", "meta", "link", "input")


def write(html: str, file: Path) -> Path:
    """Write a page as Markdown, and each of its pictures into a folder beside it, named as the file; return the file."""
    folder = file.with_suffix("").with_name(f"{file.stem}-figures")
    text, pictures = converted(html, folder.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    for name, svg in pictures.items():
        (folder / name).write_text(svg, "utf-8")
    file.write_text(text, "utf-8")
    return file


def converted(html: str, folder: str) -> tuple[str, dict[str, str]]:
    """Return a page's Markdown, which links to pictures in that folder, and the pictures by their files' names."""
    body = _SCRIPTED.sub("", html[html.index("<header") :])
    pictures: list[str] = []
    kept, at = [], 0
    for start, end in _pictures(body):
        pictures.append(body[start:end])
        kept += [body[at:start], f'<img data-picture="{len(pictures) - 1}">']
        at = end
    writer = _Writer(pictures, folder)
    writer.feed("".join([*kept, body[at:]]))
    return writer.text, writer.files


def _pictures(html: str) -> Iterator[tuple[int, int]]:
    """Yield where each outermost picture begins and ends."""
    depth = start = 0
    for found in _ENDS.finditer(html):
        opens = found[0] != "</svg>"
        start = found.start() if opens and not depth else start
        depth += 1 if opens else -1
        if not depth:
            yield start, found.end()


class _Writer(HTMLParser):
    """Writes Markdown as it reads the page; a table is gathered row by row, and written when it ends."""

    def __init__(self, pictures: list[str], folder: str) -> None:
        super().__init__()
        self.pictures, self.folder = pictures, folder
        self.files: dict[str, str] = {}
        self.blocks: list[str] = []
        self.words: list[str] = []
        self.table: list[list[str]] | None = None
        self.caption = ""
        self.prefix = ""
        self.section = "page"
        self.within: list[str] = []
        self.unseen = 0
        """How deep inside what is hidden, or of use in a browser alone."""

    @property
    def text(self) -> str:
        """All of it, blocks a blank line apart; items of a list follow each other."""
        self._end()
        text = "\n\n".join(self.blocks) + "\n"
        return re.sub(r"(?m)^(- .*)\n\n(?=- )", r"\1\n", text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if self.unseen or _is_unseen(said):
            self.unseen += tag not in _EMPTY
        elif tag == "img":
            self._picture(int(said.get("data-picture") or 0))
        elif tag == "section":
            self.section = said.get("id") or self.section
        elif tag == "table":
            self._end()
            self.table, self.caption = [], ""
        elif tag == "tr" and self.table is not None:
            self.table.append([])
        elif tag in ("td", "th") and self.table is not None:
            self.words = []
        elif tag == "small":
            self.words.append(" (" if self.table is not None else " ")
        elif tag in _LOUD and "pre" not in self.within:
            self.words.append(_LOUD[tag])
        if not self.unseen:
            self._starts(tag)

    def _starts(self, tag: str) -> None:
        if tag in _BLOCKS or tag in _HEADINGS:
            if tag not in ("p",) or "li" not in self.within:
                self._end()
            self.prefix = f"{_HEADINGS[tag]} " if tag in _HEADINGS else "- " if tag == "li" else self.prefix
        if tag not in _EMPTY:
            self.within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.unseen:
            self.unseen -= 1
            return
        if tag == "pre":
            self._write_code()
        if tag in self.within:
            while self.within.pop() != tag:
                pass
        if tag in ("td", "th") and self.table:
            self.table[-1].append(self._said().replace("|", "\\|"))
        elif tag == "caption":
            self.caption = self._said()
        elif tag == "table":
            self._write_table()
        elif tag == "small" and self.table is not None:
            self.words.append(")")
        elif tag in _LOUD and "pre" not in self.within:
            self.words.append(_LOUD[tag])
        elif tag == "summary":
            said = self._said()
            self.blocks += [f"**{said.replace('**', '')}**"] if said else []
        elif tag == "dt":
            self.prefix = f"- **{self._said().replace('**', '')}**: "
        elif tag in _BLOCKS or tag in _HEADINGS:
            self._end()

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.words.append(data if "pre" in self.within else re.sub(r"\s+", " ", data).replace("<", "&lt;"))

    def _said(self) -> str:
        said = re.sub(" +", " ", "".join(self.words)).strip()
        self.words = []
        return re.sub(r"\*\*\s*\*\*| +(?=\))|(?<=\() +", "", said)

    def _end(self) -> None:
        """Close the block that is being written."""
        if self.table is not None:
            return
        said = self._said()
        if said:
            self.blocks.append(self.prefix + said)
            self.prefix = ""

    def _write_code(self) -> None:
        self.blocks.append(f"```\n{''.join(self.words).strip()}\n```")
        self.words = []

    def _write_table(self) -> None:
        rows = [row for row in self.table or [] if row]
        self.table = None
        self.words = []
        if self.caption:
            self.blocks.append(f"*{self.caption}*")
        if not rows:
            return
        wide = max(map(len, rows))
        lines = [f"| {' | '.join(row + [''] * (wide - len(row)))} |" for row in rows]
        self.blocks.append("\n".join([lines[0], f"|{' --- |' * wide}", *lines[1:]]))

    def _picture(self, number: int) -> None:
        """Write a picture that says what it shows as a file, and link to it."""
        svg = self.pictures[number]
        told = re.search(r'^<svg[^>]*\baria-label="([^"]*)"', svg)
        if told is None:
            return
        self._end()
        same = sum(name.startswith(self.section) for name in self.files)
        name = f"{self.section}{f'-{same + 1}' if same else ''}.svg"
        self.files[name] = standalone(svg, title=_title(unescape(told[1])), above=[], below=[], width=_width(svg))
        alt = unescape(told[1]).replace("[", "(").replace("]", ")")
        self.blocks.append(f"![{alt}]({self.folder}/{name})")


def _is_unseen(said: dict[str, str | None]) -> bool:
    return "hidden" in said or said.get("aria-hidden") == "true" or (said.get("class") or "") in ("download", "skip")


def _title(alt: str) -> str:
    return alt.split(". ")[0]


def _width(svg: str) -> float:
    return float(svg.split('viewBox="0 0 ')[1].split(" ")[0])
