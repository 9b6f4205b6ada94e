"""The sample catalog is big enough, whole, the same each time, and a file that an import takes."""

import hashlib
import inspect
from collections import Counter
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from everopen.services.catalog.model import ProductRecord, image_type
from everopen.services.catalog.sample import Sample, write_sample
from everopen.services.catalog.sample.departments import read_departments
from everopen.services.catalog.shopify import ParsedProduct, read_products


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def products(sample: Sample) -> list[ParsedProduct]:
    with sample.csv.open(encoding="utf-8", newline="") as text:
        found = list(read_products(text, "USD"))
    assert [item for item in found if not isinstance(item, ParsedProduct)] == []
    return [item for item in found if isinstance(item, ParsedProduct)]


@pytest.fixture(scope="module")
def records(products: list[ParsedProduct]) -> list[ProductRecord]:
    return [product.record for product in products]


def test_there_are_at_least_five_hundred_different_products(records: list[ProductRecord]) -> None:
    assert len(records) >= 500
    assert len({record.title for record in records}) == len(records)


def test_each_product_has_what_a_shopper_looks_for(records: list[ProductRecord]) -> None:
    for record in records:
        assert record.images, record.handle
        assert len(record.description) > 100, record.handle
        assert "• " in record.description, record.handle
        assert record.vendor, record.handle
        assert record.category.count(" > ") == 1, record.handle
        assert all(100 <= variant.price_minor <= 200_000 for variant in record.variants), record.handle


def test_departments_differ_and_so_do_stocks(
    products: list[ParsedProduct], records: list[ProductRecord]
) -> None:
    departments = Counter(record.category.split(" > ")[0] for record in records)
    assert len(departments) >= 10
    assert min(departments.values()) >= 20
    stocks = [quantity for product in products for quantity in product.openings.values()]
    assert stocks.count(0) > 0
    assert stocks.count(0) < len(stocks) * 0.05
    reduced = [r for r in records if any(variant.compare_at_minor for variant in r.variants)]
    assert len(records) * 0.05 < len(reduced) < len(records) * 0.3


def test_neighbours_in_the_file_are_of_different_kinds(records: list[ProductRecord]) -> None:
    # The newest products are shown first: a page of them should look like a shop.
    for begin in range(0, len(records) - 12, 12):
        assert len({record.product_type for record in records[begin : begin + 12]}) >= 11


def test_every_image_that_is_named_is_there_and_is_a_picture(
    sample: Sample, records: list[ProductRecord]
) -> None:
    named = {image.name for record in records for image in record.images}
    named |= {v.image_name for record in records for v in record.variants if v.image_name is not None}
    assert named == {path.name for path in sample.images.iterdir()}
    for name in named:
        assert image_type(name) == "image/svg+xml"
        content = (sample.images / name).read_text(encoding="utf-8")
        assert len(content) < 12_000, name
        root = ET.fromstring(content)  # noqa: S314  # our own
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert len(list(root.iter())) >= 10, name
        assert not {"script", "image", "foreignObject"} & {
            node.tag.rpartition("}")[2] for node in root.iter()
        }


def test_it_is_the_same_each_time(sample: Sample, tmp_path: Path) -> None:
    again = write_sample(tmp_path)
    assert again.csv.read_bytes() == sample.csv.read_bytes()
    for path in again.images.iterdir():
        content = path.read_bytes()
        assert content == (sample.images / path.name).read_bytes()
        # An image never changes under its name, so the name has the picture's digest.
        assert hashlib.sha256(content).hexdigest()[:8] in path.name


def test_every_drawing_is_of_use() -> None:
    used: dict[str, set[str]] = {}
    for department in read_departments():
        for kind in department.kind:
            used.setdefault(kind.drawings or department.drawings, set()).add(kind.draw)
    for name, drawn in used.items():
        module = import_module(f"everopen.services.catalog.sample.drawing.{name}")
        own = {
            function.__name__
            for _, function in inspect.getmembers(module, inspect.isfunction)
            if function.__module__ == module.__name__ and list(inspect.signature(function).parameters) == ["c", "p"]
        }  # fmt: skip
        assert {item for item in own if not item.startswith("_")} == drawn
