"""Full-text search over products, on this instance's own disk (Tantivy)."""

from everopen.services.catalog.search.index import Found, SearchIndex
from everopen.services.catalog.search.request import SearchRequest, Sort

__all__ = ["Found", "SearchIndex", "SearchRequest", "Sort"]
