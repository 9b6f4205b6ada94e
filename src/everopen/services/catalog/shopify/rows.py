"""From the text of a file to rows with line numbers."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from everopen.services.catalog.shopify import columns

_BYTE_ORDER_MARK = "\ufeff"
_MOST_HEADERS = 1000


class FileRefused(Exception):
    """The file cannot be read (further): it is not the kind of file that it should be.

    Attributes:
        line: where, counted from 1.
        message: what is wrong, and what to do, for a person.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the file.

    Attributes:
        line: the line on which it begins; a quoted value may hold line breaks.
        values: our name of a column to its text, without spaces at the ends; empty texts are left out.
        problem: what is wrong with the row as such, or "".
    """

    line: int
    values: Mapping[str, str]
    problem: str = ""

    def get(self, column: str) -> str:
        return self.values.get(column, "")

    def has_any(self, *names: str) -> bool:
        return any(name in self.values for name in names)


def read_rows(text: Iterable[str]) -> Iterator[Row]:
    """The rows of a CSV file, empty ones left out.

    Args:
        text: the file, line by line, opened with `newline=""`.

    Raises:
        FileRefused: no header, wrong separator, a required column missing, a quote never closed, not text.
    """
    reader = csv.reader(_decoded(text))
    names = _header(reader)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileRefused(
                line,
                f"a value that begins here cannot be read ({error}): is a closing quote missing? "
                "Nothing after this line was read.",
            ) from error
        if any(field.strip() for field in fields):
            yield _row(line, names, fields)


def _decoded(text: Iterable[str]) -> Iterator[str]:
    number = 0
    try:
        for number, line in enumerate(text, 1):  # noqa: B007  # the number is told when decoding fails
            yield line
    except UnicodeDecodeError as error:
        raise FileRefused(
            number + 1, "the file is not UTF-8 text from here on. Save it as CSV in UTF-8."
        ) from error


def _header(reader: Iterator[list[str]]) -> list[str | None]:
    try:
        headers = next(reader)
    except StopIteration:
        raise FileRefused(1, "the file is empty.") from None
    except csv.Error as error:
        raise FileRefused(1, f"the header cannot be read: {error}.") from error
    headers = [header.removeprefix(_BYTE_ORDER_MARK).strip() for header in headers]
    if len(headers) == 1:
        for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if separator in headers[0]:
                raise FileRefused(1, f"the columns are separated by {name}; they must be by commas.")
    if len(headers) > _MOST_HEADERS:
        raise FileRefused(1, f"the header has {len(headers)} columns; {_MOST_HEADERS} are allowed.")
    names = [columns.BY_HEADER.get(header.casefold()) for header in headers]
    known = [name for name in names if name is not None]
    for name in known:
        if known.count(name) > 1:
            raise FileRefused(1, f"the column {columns.label(name)!r} is there more than once.")
    missing = [columns.label(name) for name in columns.REQUIRED if name not in known]
    if missing:
        raise FileRefused(
            1,
            f"the columns {', '.join(map(repr, missing))} are missing. "
            "This must be a product CSV as Shopify exports it, with its header in the first line.",
        )
    return names


def _row(line: int, names: list[str | None], fields: list[str]) -> Row:
    if len(fields) != len(names):
        return Row(
            line,
            _values(names, fields),
            f"the row has {len(fields)} values, the header {len(names)} columns: "
            "is a comma or a quote missing?",
        )
    values = _values(names, fields)
    for name, value in values.items():
        if any(ord(c) < 32 and c not in "\n\r\t" for c in value):
            return Row(line, values, f"{columns.label(name)!r} has control characters in it.")
        if any("\ud800" <= c <= "\udfff" for c in value):
            return Row(line, values, f"{columns.label(name)!r} is not valid text.")
    return Row(line, values)


def _values(names: list[str | None], fields: list[str]) -> dict[str, str]:
    pairs = zip(names, fields, strict=False)
    return {name: text for name, field in pairs if name is not None and (text := field.strip())}
