"""How products are indexed.

Text is kept in two forms: stemmed, for ranking by where a word stands (title, tags, kind, vendor,
options, description), and as written in `title_words` and `words`, where completion of the last word
and tolerance of typing errors look, since an edit distance between stems means little.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from tantivy import (
    Document,
    Filter,
    Index,
    Schema,
    SchemaBuilder,
    TextAnalyzer,
    TextAnalyzerBuilder,
    Tokenizer,
)

from everopen.services.catalog.model import ProductRecord, category_levels

# Part of the directory's name: another layout is another index, built anew from the product store.
VERSION = 1
_WORD_CHARACTERS = 40
_SORT_TITLE_CHARACTERS = 80
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def build_schema() -> Schema:
    """The schema of the index."""
    builder = SchemaBuilder()
    builder.add_text_field("handle", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("title", "tags", "kind", "vendor", "options", "body"):
        builder.add_text_field(name, tokenizer_name="stemmed", index_option="position")
    for name in ("title_words", "words"):
        builder.add_text_field(name, tokenizer_name="words", index_option="basic")
    for name in ("category", "vendor_exact", "tag_exact"):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("title_sort", fast=True, tokenizer_name="raw", index_option="basic")
    for name in ("price", "price_min", "price_max", "created_us"):
        builder.add_integer_field(name, indexed=True, fast=True)
    return builder.build()


def analyzers() -> tuple[TextAnalyzer, TextAnalyzer]:
    """The analyzers `words` and `stemmed`, in this order."""
    return _analyzer().build(), _analyzer().filter(Filter.stemmer("english")).build()


def register_analyzers(index: Index) -> None:
    """Make the analyzers known to an index that was opened; they are not stored with it."""
    words, stemmed = analyzers()
    index.register_tokenizer("words", words)
    index.register_tokenizer("stemmed", stemmed)


def document(schema: Schema, record: ProductRecord, created_at: datetime) -> Document:
    """The product as the index keeps it."""
    prices = [variant.price_minor for variant in record.variants]
    levels = category_levels(record.category)
    options = sorted({value for variant in record.variants for value in variant.options})
    fields: dict[str, Any] = {
        "handle": record.handle,
        "title": record.title,
        "tags": list(record.tags),
        "kind": [record.product_type, record.category],
        "vendor": record.vendor,
        "options": [*options, *(variant.sku for variant in record.variants)],
        "body": record.description,
        "title_words": record.title,
        "words": [record.title, record.product_type, record.vendor, record.category, *record.tags, *options],
        "category": list(levels),
        "vendor_exact": [record.vendor] if record.vendor else [],
        "tag_exact": [tag.casefold() for tag in record.tags],
        "title_sort": record.title.casefold()[:_SORT_TITLE_CHARACTERS],
        "price": sorted(set(prices)),
        "price_min": min(prices),
        "price_max": max(prices),
        "created_us": (created_at - _EPOCH) // timedelta(microseconds=1),
    }
    return Document.from_dict(fields, schema)


def _analyzer() -> TextAnalyzerBuilder:
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(_WORD_CHARACTERS))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
    )
