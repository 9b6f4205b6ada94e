"""The index: opened or made anew, written by the follower, read by requests.

Every method blocks; call it in a thread. One thread writes, any number read.
"""

import logging
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tantivy import DocAddress, Index, Order, Query, Searcher

from everopen.services.catalog.model import CATEGORY_SEPARATOR, ProductRecord
from everopen.services.catalog.search import schema
from everopen.services.catalog.search.query import QueryBuilder, Tolerance
from everopen.services.catalog.search.request import SearchRequest, Sort

_log = logging.getLogger(__name__)
_WRITER_BYTES = 32_000_000
_CATEGORIES = 2000
_VENDORS_SHOWN = 50
# Each of the index's segments counts all values: the sums would be too small for what it leaves out.
_EVERY_VALUE = 100_000
_COMPLETIONS = 3
_SORTS = {
    Sort.PRICE: ("price_min", Order.Asc),
    Sort.PRICE_DESCENDING: ("price_max", Order.Desc),
    Sort.NEWEST: ("created_us", Order.Desc),
    Sort.TITLE: ("title_sort", Order.Asc),
}


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results.

    Attributes:
        handles: in their order.
        total: how many products match in all.
        facets: `category` and `vendor`, each value with its count, the largest first.
    """

    handles: tuple[str, ...]
    total: int
    facets: dict[str, tuple[tuple[str, int], ...]]


class SearchIndex:
    """Products by their words, with facets.

    Args:
        directory: the index is kept in a folder of it that is named by the layout's version.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / f"search-{schema.VERSION}"
        self._schema = schema.build_schema()
        self._words, self._stemmed = schema.analyzers()
        self._index = self._open()
        self._writer = self._index.writer(_WRITER_BYTES, 1)

    def close(self) -> None:
        """Give up the write lock."""
        self._writer.wait_merging_threads()

    def size(self) -> int:
        """How many products it holds."""
        return self._index.searcher().num_docs

    def clear(self) -> None:
        """Forget everything; takes effect with the next `write`."""
        self._writer.delete_all_documents()

    def write(self, changed: Iterable[tuple[ProductRecord, datetime]], removed: Iterable[str]) -> None:
        """Put products in, in place of what was there of the same handle, and take others out; durably.

        Args:
            changed: products and when they were created.
            removed: handles.
        """
        for handle in removed:
            self._writer.delete_documents_by_term("handle", handle)
        for record, created_at in changed:
            self._writer.delete_documents_by_term("handle", record.handle)
            self._writer.add_document(schema.document(self._schema, record, created_at))
        self._writer.commit()
        self._index.reload()

    def search(self, request: SearchRequest, *, facets: bool = True) -> Found:
        """Products that match, typing errors allowed for when nothing else does."""
        searcher = self._index.searcher()
        query, total, hits = self._matching(searcher, request)
        return Found(
            tuple(searcher.doc(address)["handle"][0] for address in hits),
            total,
            self._facets(searcher, query, request) if facets and total else {},
        )

    def complete(self, text: str) -> list[str]:
        """What `text` could become when its last word is finished, the most frequent first."""
        searcher = self._index.searcher()
        builder = self._builder(searcher)
        words = builder.cut(text)
        if not words or not text[-1].isalnum():
            return []
        before, last = words[:-1], words[-1]
        only = builder.words(before, Tolerance.UNKNOWN_WORDS) if before else None
        ends = [(count, term) for term, count in searcher.terms_with_prefix("words", last.text, only)]
        ends.sort(key=lambda pair: (-pair[0], pair[1]))
        start = [word.text for word in before]
        return [" ".join([*start, term]) for _, term in ends[:_COMPLETIONS]]

    def categories(self, parent: str = "") -> list[tuple[str, int]]:
        """The categories directly within `parent`, by name, with the number of their products."""
        searcher = self._index.searcher()
        request = SearchRequest(category=parent)
        query = self._builder(searcher).matching(request, Tolerance.UNKNOWN_WORDS)
        return sorted(_below(parent, _terms(searcher, query, {"category": _CATEGORIES})["category"]))

    def _matching(
        self, searcher: Searcher, request: SearchRequest
    ) -> tuple[Query, int, Sequence[DocAddress]]:
        """The closest query that finds anything, how much it finds, and the page: in one pass."""
        builder = self._builder(searcher)
        for tolerance in Tolerance:
            query = builder.matching(request, tolerance)
            total, hits = self._hits(searcher, query, request)
            if total or not request.text:
                break
        return query, total, hits

    def _hits(
        self, searcher: Searcher, query: Query, request: SearchRequest
    ) -> tuple[int, Sequence[DocAddress]]:
        sort = request.sort
        if sort is Sort.RELEVANCE and not request.text:
            sort = Sort.NEWEST
        if sort is Sort.RELEVANCE:
            result = searcher.search(query, request.limit, offset=request.offset)
        else:
            field, order = _SORTS[sort]
            result = searcher.search(
                query, request.limit, order_by_field=field, offset=request.offset, order=order
            )
        total: int = result.count or 0  # type: ignore[attr-defined]  # not in its stub
        return total, [address for _, address in result.hits]

    def _facets(
        self, searcher: Searcher, query: Query, request: SearchRequest
    ) -> dict[str, tuple[tuple[str, int], ...]]:
        counted = _terms(searcher, query, {"category": _CATEGORIES, "vendor_exact": _VENDORS_SHOWN})
        return {
            "category": tuple(_below(request.category, counted["category"])),
            "vendor": tuple(counted["vendor_exact"]),
        }

    def _builder(self, searcher: Searcher) -> QueryBuilder:
        return QueryBuilder(self._schema, searcher, self._words, self._stemmed)

    def _open(self) -> Index:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        for old in self._path.parent.glob("search-*"):
            if old != self._path:
                shutil.rmtree(old, ignore_errors=True)
        try:
            return self._opened()
        except (ValueError, OSError) as error:
            # It can be made anew from the product store: whatever is wrong with it, it is not kept.
            _log.warning("the search index cannot be opened and is made anew: %s", error)
            shutil.rmtree(self._path, ignore_errors=True)
            return self._opened()

    def _opened(self) -> Index:
        self._path.mkdir(exist_ok=True)
        index = Index(self._schema, path=str(self._path))
        schema.register_analyzers(index)
        index.config_reader("manual")
        index.reload()
        return index


def _terms(searcher: Searcher, query: Query, fields: dict[str, int]) -> dict[str, list[tuple[str, int]]]:
    """Each field's most frequent values with their counts, in one pass; at most as many as it says."""
    asked: dict[str, Any] = {
        field: {"terms": {"field": field, "size": most, "segment_size": _EVERY_VALUE}}
        for field, most in fields.items()
    }
    found = searcher.aggregate(query, asked)
    return {
        field: [(bucket["key"], bucket["doc_count"]) for bucket in found[field]["buckets"]]
        for field in fields
    }


def _below(parent: str, categories: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Of all levels of the categories found, the one below `parent`; `parent` itself if there is none."""
    prefix = parent + CATEGORY_SEPARATOR if parent else ""
    children = [
        (name, count)
        for name, count in categories
        if name.startswith(prefix) and CATEGORY_SEPARATOR not in name[len(prefix) :]
    ]
    return children or [(name, count) for name, count in categories if name == parent]
