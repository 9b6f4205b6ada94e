"""Descriptions: from a merchant's HTML to plain text.

Nothing of the markup is kept, so nothing of it can do harm on a page. What it said by its form is:
paragraphs are parted by an empty line and list items begin with `• `.
"""

import re
from html.parser import HTMLParser

_PARAGRAPHS = frozenset(
    {
        "p",
        "div",
        "section",
        "article",
        "header",
        "footer",
        "blockquote",
        "pre",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "dl",
        "table",
        "figure",
        "hr",
    }
)
_LINES = frozenset({"br", "li", "tr", "dt", "dd", "figcaption"})
_HIDDEN = frozenset(
    {"script", "style", "template", "iframe", "object", "noscript", "title", "head", "svg", "math", "select"}
)
_SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")
_LOOKS_LIKE_HTML = re.compile(r"<[a-zA-Z/!]|&[#a-zA-Z]")


def text_of_html(html: str) -> str:
    """What a reader of `html` would read. Text without markup is kept as it is, but for its spaces."""
    if _LOOKS_LIKE_HTML.search(html) is None:
        return _tidy(html)
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _tidy("".join(reader.parts))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _HIDDEN:
            self._hidden.append(tag)
        elif tag in _PARAGRAPHS:
            self._break_paragraph()
        elif tag in _LINES:
            self.parts.append("\n")
            if tag == "li":
                self.parts.append("• ")
        elif tag == "td":
            self.parts.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _HIDDEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            # Whatever was opened inside of it and never closed ends with it.
            del self._hidden[self._hidden.index(tag) :]
        elif tag in _PARAGRAPHS:
            self._break_paragraph()

    def _break_paragraph(self) -> None:
        # A paragraph at the beginning of a list item stays behind the item's mark.
        if self.parts[-1:] != ["• "]:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            # In HTML a line break is a space.
            self.parts.append(data.replace("\n", " "))


def _tidy(text: str) -> str:
    text = "".join(c for c in text if c in "\n\t" or c.isprintable() or c.isspace())
    lines = [_SPACES.sub(" ", line).strip() for line in text.splitlines()]
    out: list[str] = []
    for line in lines:
        if line in ("", "•"):
            if out and out[-1] != "":
                out.append("")
        elif line.startswith("• ") and out[-2:-1] and out[-1] == "" and out[-2].startswith("• "):
            out[-1] = line  # a list whose items have paragraphs in them is still one list
        else:
            out.append(line)
    return "\n".join(out).strip()
