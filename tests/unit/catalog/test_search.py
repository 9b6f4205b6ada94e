"""Searching: ranking, typing errors, filters, sorting, pages, completion; any text at all is a query."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everopen.core.errors import InvalidInput
from everopen.services.catalog.model import ProductRecord, VariantRecord
from everopen.services.catalog.search import SearchIndex, SearchRequest, Sort

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def product(
    handle: str,
    title: str,
    *,
    vendor: str = "Kiln & Clay",
    category: str = "Kitchen > Drinkware",
    kind: str = "Mugs",
    tags: tuple[str, ...] = (),
    description: str = "",
    prices: tuple[int, ...] = (1000,),
    option: str = "",
) -> ProductRecord:
    return ProductRecord(
        handle=handle,
        title=title,
        vendor=vendor,
        category=category,
        product_type=kind,
        tags=tags,
        description=description,
        option_names=("Colour",) if option else (),
        variants=tuple(
            VariantRecord(sku=f"{handle}-{n}", price_minor=price, options=(option,) if option else ())
            for n, price in enumerate(prices)
        ),
        currency="USD",
    )


PRODUCTS = (
    product("stone-mug", "Harbor Stoneware Mug", tags=("gift",), prices=(1800,), option="Blue"),
    product(
        "camp-mug", "Enamel Camp Mug", vendor="Northfell", category="Outdoor > Cooking", prices=(1400, 1600)
    ),
    product("kettle", "Gooseneck Kettle", kind="Kettles", category="Kitchen > Kettles", prices=(6900,)),
    product(
        "tent",
        "Ridgeline 2-Person Tent",
        vendor="Northfell",
        category="Outdoor > Tents",
        kind="Tents",
        description="Room for two and a mug of tea in the porch.",
        prices=(24900,),
        tags=("Camping", "Gift"),
    ),
    product(
        "jacket",
        "Fjord Rain Jacket",
        vendor="Åland",
        category="Apparel > Jackets",
        kind="Jackets",
        prices=(12900,),
    ),
    product(
        "blanket",
        "Crème Wool Blanket",
        vendor="Åland",
        category="Home > Throws",
        kind="Throws",
        prices=(8900,),
    ),
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    made = SearchIndex(tmp_path_factory.mktemp("index"))
    made.write([(item, BEGIN + timedelta(days=n)) for n, item in enumerate(PRODUCTS)], [])
    yield made
    made.close()


def handles(index: SearchIndex, text: str = "", **asked: object) -> list[str]:
    return list(index.search(SearchRequest(text=text, **asked)).handles)  # type: ignore[arg-type]


def test_a_word_in_the_title_counts_more_than_one_in_the_description(index: SearchIndex) -> None:
    found = handles(index, "mug")
    assert set(found[:2]) == {"stone-mug", "camp-mug"}
    assert found[2] == "tent"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("kettel", "kettle"),
        ("stonware", "stone-mug"),
        ("jakcet", "jacket"),
        ("gosneck ketle", "kettle"),
        ("rigdeline tnet", "tent"),
        ("blankets", "blanket"),
        ("creme", "blanket"),
        ("aland jackets", "jacket"),
        ("ridgel", "tent"),
        ("a mug for camping", "camp-mug"),
        ("stone-mug-0", "stone-mug"),
        ("blue mug", "stone-mug"),
    ],
)
def test_found_in_spite_of_typing_errors_endings_and_accents(
    index: SearchIndex, text: str, first: str
) -> None:
    assert handles(index, text)[:1] == [first]


def test_a_word_that_is_known_is_not_taken_for_another(index: SearchIndex) -> None:
    # `tent` is one letter from many words; where it exists, only it is meant.
    assert handles(index, "tent") == ["tent"]


def test_the_beginning_of_a_title_counts_more_than_a_word_in_a_description(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path)
    index.write(
        [
            (
                product(
                    "tea", "Green Tea", kind="Tea", description="Notes of stone, of stone fruit and of stone."
                ),
                BEGIN,
            ),
            (product("cup", "Stoneware Cup", kind="Cups"), BEGIN),
        ],
        [],
    )
    assert handles(index, "stone") == ["cup", "tea"]
    index.close()


def test_words_that_no_product_has_together_still_find_something(index: SearchIndex) -> None:
    assert {"kettle", "jacket"} <= set(handles(index, "kettle jacket"))
    assert handles(index, "xylophonist") == []


def test_filters(index: SearchIndex) -> None:
    assert handles(index, category="Outdoor", sort=Sort.TITLE) == ["camp-mug", "tent"]
    assert handles(index, category="Outdoor > Tents") == ["tent"]
    assert handles(index, vendor="Northfell", text="mug") == ["camp-mug", "tent"]
    assert set(handles(index, tags=("gift",))) == {"stone-mug", "tent"}
    assert handles(index, tags=("camping", "gift")) == ["tent"]
    # A range holds a product if one of its variants lies in it.
    assert handles(index, price_min_minor=1450, price_max_minor=1550) == []
    assert handles(index, price_min_minor=1500, price_max_minor=1600) == ["camp-mug"]
    assert handles(index, price_min_minor=20_000) == ["tent"]


def test_sorting(index: SearchIndex) -> None:
    assert handles(index, sort=Sort.PRICE)[:3] == ["camp-mug", "stone-mug", "kettle"]
    assert handles(index, sort=Sort.PRICE_DESCENDING)[:2] == ["tent", "jacket"]
    assert handles(index, sort=Sort.NEWEST)[0] == "blanket"
    assert handles(index)[0] == "blanket"
    assert handles(index, sort=Sort.TITLE)[:2] == ["blanket", "camp-mug"]
    assert handles(index, "mug", sort=Sort.PRICE) == ["camp-mug", "stone-mug", "tent"]


def test_facets_count_all_that_match_one_level_below_the_chosen_category(index: SearchIndex) -> None:
    found = index.search(SearchRequest(limit=1))
    assert found.total == len(PRODUCTS)
    assert dict(found.facets["category"]) == {"Kitchen": 2, "Outdoor": 2, "Apparel": 1, "Home": 1}
    assert dict(found.facets["vendor"]) == {"Kiln & Clay": 2, "Northfell": 2, "Åland": 2}
    inside = index.search(SearchRequest(category="Outdoor"))
    assert dict(inside.facets["category"]) == {"Outdoor > Cooking": 1, "Outdoor > Tents": 1}
    leaf = index.search(SearchRequest(category="Outdoor > Tents"))
    assert leaf.facets["category"] == (("Outdoor > Tents", 1),)
    assert index.categories() == [("Apparel", 1), ("Home", 1), ("Kitchen", 2), ("Outdoor", 2)]


def test_pages_show_each_product_once(index: SearchIndex) -> None:
    seen: list[str] = []
    request = SearchRequest(sort=Sort.PRICE, limit=4)
    for _ in range(3):
        found = index.search(request)
        seen += found.handles
        if request.offset + len(found.handles) >= found.total:
            break
        cursor = request.cursor_after(len(found.handles))
        request = SearchRequest(sort=Sort.PRICE, limit=4, offset=request.offset_of(cursor))
    assert sorted(seen) == sorted(item.handle for item in PRODUCTS)


def test_completion(index: SearchIndex) -> None:
    assert index.complete("ket") == ["kettle", "kettles"]
    assert index.complete("harbor st") == ["harbor stoneware"]
    assert index.complete("") == []
    assert index.complete("zzz") == []


def test_changed_and_removed_products(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path)
    index.write([(item, BEGIN) for item in PRODUCTS], [])
    index.write([(product("kettle", "Teapot"), BEGIN)], ["tent"])
    assert handles(index, "teapot") == ["kettle"]
    assert handles(index, "gooseneck") == []
    assert index.size() == len(PRODUCTS) - 1
    index.close()
    again = SearchIndex(tmp_path)
    assert handles(again, "teapot") == ["kettle"]
    again.close()


def test_a_damaged_index_is_made_anew(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path)
    index.write([(item, BEGIN) for item in PRODUCTS], [])
    index.close()
    del index
    for file in tmp_path.glob("search-*/meta.json"):
        file.write_text("not json")
    again = SearchIndex(tmp_path)
    assert again.size() == 0
    again.close()


@pytest.mark.parametrize(
    "text",
    ['"', "title:x", "(", "a AND", "+-!^~*?", "[1 TO", "\\", "/.*/", "mug\x00", "🥾", "  ", "%00", "-" * 200],
)
def test_no_character_is_an_error(index: SearchIndex, text: str) -> None:
    index.search(SearchRequest(text=text))
    index.complete(text)


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60))
def test_no_text_is_an_error(index: SearchIndex, text: str) -> None:
    index.search(SearchRequest(text=text))
    index.search(SearchRequest(category=text, vendor=text, tags=(text,)))
    index.complete(text)


def checked(**asked: object) -> SearchRequest:
    nothing: dict[str, object] = dict.fromkeys(
        (
            "text",
            "category",
            "vendor",
            "tags",
            "price_min_minor",
            "price_max_minor",
            "sort",
            "cursor",
            "limit",
        )
    )
    return SearchRequest.checked(**(nothing | asked))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "asked",
    [
        {"text": "x" * 201},
        {"limit": 0},
        {"limit": 101},
        {"price_min_minor": -1},
        {"price_min_minor": 2, "price_max_minor": 1},
        {"sort": "best"},
        {"cursor": "§"},
        {"cursor": "AAAA"},
        {"cursor": "WzFd"},
        {"tags": ["x"] * 11},
        {"cursor": SearchRequest(text="other").cursor_after(24)},
    ],
)
def test_what_cannot_be_asked_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        checked(**asked)


def test_a_cursor_goes_on_in_the_same_search() -> None:
    request = checked(text="mug", limit=10)
    assert checked(text=" mug ", limit=5, cursor=request.cursor_after(10)).offset == 10


@pytest.mark.parametrize(
    ("text", "category"), [("", ""), ("mug", ""), ("stoneare", ""), ("", "Kitchen"), ("mug", "Kitchen")]
)
def test_a_facets_count_is_what_filtering_by_it_finds(index: SearchIndex, text: str, category: str) -> None:
    request = SearchRequest(text=text, category=category)
    facets = index.search(request).facets
    assert facets["category"]
    assert facets["vendor"]
    for name, count in facets["category"]:
        assert index.search(replace(request, category=name)).total == count
    for name, count in facets["vendor"]:
        assert index.search(replace(request, vendor=name)).total == count


def test_facets_count_in_full_however_the_index_is_cut_up(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path)
    for batch in range(3):
        # Many vendors, in another order of frequency in each segment.
        vendors = [f"v{n:04}" for n in range(900) for _ in range(1 + (n * (batch + 7)) % 5)]
        index.write(
            ((product(f"p{batch}-{n}", "Thing", vendor=vendor), BEGIN) for n, vendor in enumerate(vendors)),
            [],
        )
    found = index.search(SearchRequest(text="thing", limit=1))
    assert len(found.facets["vendor"]) == 50
    for vendor, count in found.facets["vendor"]:
        assert index.search(SearchRequest(vendor=vendor, limit=1)).total == count
    index.close()
