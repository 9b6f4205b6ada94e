"""Reading Shopify's product CSV: what goes in, what is reported, and on which line."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everopen.core.skus import parse_sku
from everopen.services.catalog.model import category_levels, is_handle
from everopen.services.catalog.shopify import BadRow, FileRefused, ParsedProduct, read_products
from everopen.services.catalog.shopify.text import text_of_html

HEADER = [
    "Handle",
    "Title",
    "Body (HTML)",
    "Vendor",
    "Product Category",
    "Type",
    "Tags",
    "Published",
    "Option1 Name",
    "Option1 Value",
    "Option2 Name",
    "Option2 Value",
    "Variant SKU",
    "Variant Grams",
    "Variant Inventory Qty",
    "Variant Price",
    "Variant Compare At Price",
    "Variant Requires Shipping",
    "Image Src",
    "Image Position",
    "Image Alt Text",
    "Gift Card",
    "Variant Image",
    "Status",
]  # as it stands in a file


def rows(*items: dict[str, str], header: list[str] = HEADER) -> io.StringIO:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, header)
    writer.writeheader()
    writer.writerows(items)
    out.seek(0)
    return out


def read(text: io.StringIO | str) -> list[ParsedProduct | BadRow]:
    stream = io.StringIO(text, newline="") if isinstance(text, str) else text
    return list(read_products(stream, "USD"))


def mug(**changes: str) -> dict[str, str]:
    return {"Handle": "mug", "Title": "Mug", "Variant SKU": "MUG", "Variant Price": "12.50"} | changes


def problems(*items: dict[str, str]) -> list[tuple[int, str]]:
    found = read(rows(*items))
    assert all(isinstance(item, BadRow) for item in found), found
    return [(item.line, item.message) for item in found if isinstance(item, BadRow)]


def test_a_product_with_variants_and_images_over_several_rows() -> None:
    found = read(
        rows(
            mug(
                **{
                    "Body (HTML)": "<p>Holds <b>350 ml</b>.</p><ul><li>Stoneware</li><li>Safe</li></ul>",
                    "Vendor": "Kiln",
                    "Product Category": "Home > Kitchen >Mugs",
                    "Tags": "Gift, stoneware,gift",
                    "Option1 Name": "Colour",
                    "Option1 Value": "Red",
                    "Variant SKU": "'00123",
                    "Variant Grams": "350.0",
                    "Variant Inventory Qty": "7",
                    "Variant Compare At Price": "15",
                    "Image Src": "https://cdn.shopify.com/s/files/1/mug%20red.PNG?v=17",
                    "Image Alt Text": "A red mug",
                    "Variant Image": "mug-red.svg",
                }
            ),
            {
                "Handle": "mug",
                "Option1 Value": "Blue",
                "Variant Price": "12.50",
                "Variant Inventory Qty": "-3",
            },
            {"Handle": "mug", "Image Src": "first.svg", "Image Position": "0"},
        )
    )
    assert len(found) == 1
    product = found[0]
    assert isinstance(product, ParsedProduct)
    record = product.record
    assert record.description == "Holds 350 ml.\n\n• Stoneware\n• Safe"
    assert record.category == "Home > Kitchen > Mugs"
    assert record.tags == ("Gift", "stoneware")
    assert record.option_names == ("Colour",)
    assert [(v.sku, v.options, v.price_minor, v.compare_at_minor) for v in record.variants] == [
        ("00123", ("Red",), 1250, 1500),
        ("MUG-BLUE", ("Blue",), 1250, None),
    ]
    assert [image.name for image in record.images] == ["first.svg", "mug-red.png"]
    assert record.variants[0].image_name == "mug-red.svg"
    assert record.variants[0].weight_g == 350
    assert product.openings == {"00123": 7, "MUG-BLUE": 0}


def test_the_headers_of_the_present_template() -> None:
    header = "Title,URL handle,Description,SKU,Price,Compare-at price,Inventory quantity,Weight value (grams)"
    found = read(f"{header},Product image URL\r\nMug,mug,Plain,M1,9,12,3,200,m.svg\r\n")
    assert isinstance(found[0], ParsedProduct)
    record = found[0].record
    assert (record.handle, record.description, record.variants[0].sku) == ("mug", "Plain", "M1")
    assert (record.variants[0].price_minor, record.variants[0].compare_at_minor) == (900, 1200)
    assert found[0].openings == {"M1": 3}


def test_byte_order_mark_crlf_and_line_breaks_in_quotes_keep_line_numbers_right() -> None:
    text = '\ufeffTitle,Variant Price,Body (HTML)\r\nA,1,"one\r\ntwo\r\nthree"\r\nB,x,\r\n\r\nC,2,\r\n'
    found = read(text)
    assert [item.line for item in found] == [2, 5, 7]
    assert isinstance(found[1], BadRow)
    assert "'x' is not a decimal number" in found[1].message
    assert isinstance(found[2], ParsedProduct)


def test_default_title_is_a_product_without_options() -> None:
    found = read(rows(mug(**{"Option1 Name": "Title", "Option1 Value": "Default Title"})))
    assert isinstance(found[0], ParsedProduct)
    assert found[0].record.option_names == ()
    assert found[0].record.variants[0].options == ()


@pytest.mark.parametrize(
    ("changes", "published"),
    [({}, True), ({"Published": "FALSE"}, False), ({"Status": "draft"}, False), ({"Status": "active"}, True)],
)
def test_published(changes: dict[str, str], *, published: bool) -> None:
    found = read(rows(mug(**changes)))
    assert isinstance(found[0], ParsedProduct)
    assert found[0].record.published is published


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Variant Price": ""}, "'Variant Price' is empty"),
        ({"Variant Price": "0"}, "is 0"),
        ({"Variant Price": "-1"}, "must be from 0"),
        ({"Variant Price": "1.999"}, "more than the 2 decimals"),
        ({"Variant Price": "1e3"}, "not a decimal number"),
        ({"Variant Price": "999999999999"}, "must be from 0"),
        ({"Variant Grams": "heavy"}, "not a whole number"),
        ({"Variant Inventory Qty": "1.5"}, "not a whole number"),
        ({"Variant Inventory Qty": "99999999999"}, "at most"),
        ({"Title": ""}, "must have a 'Title'"),
        ({"Title": "x" * 256}, "256 characters"),
        ({"Handle": "Two Words"}, "not a handle"),
        ({"Handle": "../etc"}, "not a handle"),
        ({"Published": "maybe"}, "TRUE or FALSE"),
        ({"Status": "gone"}, "must be active"),
        ({"Gift Card": "TRUE"}, "gift cards"),
        ({"Image Src": "https://example.com/page.html"}, "image file"),
        ({"Option1 Value": "Red"}, "no 'Option1 Name'"),
        ({"Option1 Name": "Size"}, "'Option1 Value' (Size) is empty"),
        ({"Option2 Name": "Size", "Option2 Value": "L"}, "'Option1 Name' is empty"),
        ({"Variant SKU": "x" * 101}, "1 to 100"),
        ({"Title": "a\x00b"}, "control characters"),
        ({"Body (HTML)": "x" * 20_001}, "20001 characters"),
    ],
)
def test_a_bad_row_is_reported_with_its_line_and_the_next_product_goes_in(
    changes: dict[str, str], message: str
) -> None:
    found = read(rows(mug(**changes), mug(Handle="cup", Title="Cup", **{"Variant SKU": "CUP"})))
    assert isinstance(found[0], BadRow)
    assert found[0].line == 2
    assert message in found[0].message
    assert len(found) == 2
    assert isinstance(found[1], ParsedProduct)
    assert found[1].record.handle == "cup"


def test_a_product_with_a_bad_row_is_left_out_whole_and_each_bad_row_is_named() -> None:
    first = mug(**{"Option1 Name": "Size", "Option1 Value": "S"})
    found = problems(
        first,
        {"Handle": "mug", "Option1 Value": "M", "Variant Price": "x"},
        {"Handle": "mug", "Option1 Value": "L", "Variant Price": "3", "Variant Grams": "y"},
        {"Handle": "mug", "Option1 Value": "S", "Variant Price": "3", "Variant SKU": "S2"},
        {"Handle": "mug", "Vendor": "only this"},
    )
    assert [line for line, _ in found] == [3, 4, 5, 6]
    assert "there is a variant for S already" in found[2][1]
    assert "neither a variant" in found[3][1]


def test_skus_and_handles_are_taken_once_in_a_file() -> None:
    found = read(
        rows(
            mug(),
            mug(Handle="cup", Title="Cup"),
            {"Handle": "mug", "Variant Price": "3", "Variant SKU": "OTHER"},
            mug(Handle="pot", Title="Pot", **{"Variant SKU": "POT"}),
        )
    )
    assert [type(item) for item in found] == [ParsedProduct, BadRow, BadRow, ParsedProduct]
    assert isinstance(found[1], BadRow)
    assert "the SKU 'MUG' was on line 2 already" in found[1].message
    assert isinstance(found[2], BadRow)
    assert "'mug' was on line 2 already" in found[2].message


def test_the_sku_of_a_product_that_was_left_out_is_free_for_another() -> None:
    found = read(rows(mug(**{"Variant Grams": "x"}), mug(Handle="cup", Title="Cup")))
    assert [type(item) for item in found] == [BadRow, ParsedProduct]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "empty"),
        ("Handle;Title;Variant Price\n", 1, "semicolons"),
        ("Handle\tTitle\tVariant Price\n", 1, "tabs"),
        ("Handle,Title\n", 1, "'Variant Price' are missing"),
        ("Title,title,Variant Price\n", 1, "more than once"),
        ('Title,Variant Price\nA,1\nB,"2\n' + "x\n" * 70_000, 3, "closing quote"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_one_clear_error(text: str, line: int, message: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(text)
    assert refused.value.line == line
    assert message in refused.value.message


def test_bytes_that_are_no_text_are_refused_where_they_are() -> None:
    raw = io.TextIOWrapper(io.BytesIO(b"Title,Variant Price\nA,1\n\xff\xfe,2\n"), "utf-8", newline="")
    with pytest.raises(FileRefused, match="UTF-8"):
        list(read_products(raw, "USD"))


def test_a_row_of_the_wrong_length_is_bad() -> None:
    found = read("Title,Variant Price,Vendor\nA,1\nB,2,V\n")
    assert isinstance(found[0], BadRow)
    assert "has 2 values, the header 3 columns" in found[0].message
    assert isinstance(found[1], ParsedProduct)


def test_a_hundred_thousand_rows_are_read_as_a_stream() -> None:
    def lines() -> "list[str]":
        return ["Handle,Title,Variant SKU,Variant Price\n"] + [
            f"p-{n},P {n},S{n},1.00\n" for n in range(20_000)
        ]

    source = iter(lines())
    stream = read_products(source, "USD")
    next(stream)
    # The first product is out before the file has been read to its end.
    assert sum(1 for _ in source) > 19_000


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain  text", "plain text"),
        ("a < b & c", "a < b & c"),
        ("<script>alert(1)</script>Hi", "Hi"),
        ("<p onclick=x>One</p><p>Two<br>Three</p>", "One\n\nTwo\nThree"),
        ("<img src=x onerror=alert(1)>&lt;b&gt; &amp;", "<b> &"),
        ("<ul>\n<li><p>A</p></li>\n<li>B</li></ul>after", "• A\n• B\n\nafter"),
        ("<style>p{}</style><div>x</div>", "x"),
        ("<p>unclosed <b>tag", "unclosed tag"),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert text_of_html(html) == text


def test_category_levels() -> None:
    assert category_levels("A > B > C") == ("A", "A > B", "A > B > C")
    assert category_levels("") == ()


@given(st.text(max_size=300))
def test_any_html_gives_printable_text(html: str) -> None:
    text = text_of_html(html)
    assert all(c == "\n" or c.isprintable() or c.isspace() for c in text)
    assert "\n\n\n" not in text


@settings(max_examples=200)
@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read("Handle,Title,Variant Price\n" + text)
    except FileRefused as error:
        refused = error
    else:
        return
    assert refused.line >= 2


field = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=150)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(HEADER, field)), max_size=6))
def test_any_rows_give_only_sound_products(items: list[dict[str, str]]) -> None:
    lines = 1 + sum(1 + sum(v.count("\n") + v.count("\r") for v in item.values()) for item in items)
    skus: list[str] = []
    for found in read(rows(*items)):
        assert 2 <= found.line <= lines + 1
        if isinstance(found, ParsedProduct):
            record = found.record
            assert is_handle(record.handle)
            assert record.variants
            skus += [variant.sku for variant in record.variants]
            assert all(parse_sku(v.sku) and v.price_minor > 0 for v in record.variants)
            assert all(len(v.options) == len(record.option_names) for v in record.variants)
    assert len(skus) == len(set(skus))


@given(
    st.lists(st.tuples(st.integers(1, 9_999_999), st.integers(0, 9999)), min_size=1, max_size=20),
)
def test_what_is_written_is_read_back(variants: list[tuple[int, int]]) -> None:
    items = [
        {
            "Handle": "thing",
            "Title": "Thing" if n == 0 else "",
            "Option1 Name": "No" if n == 0 else "",
            "Option1 Value": str(n),
            "Variant Price": f"{price // 100}.{price % 100:02}",
            "Variant Inventory Qty": str(stock),
        }
        for n, (price, stock) in enumerate(variants)
    ]
    found = read(rows(*items))
    assert len(found) == 1
    assert isinstance(found[0], ParsedProduct)
    assert [v.price_minor for v in found[0].record.variants] == [price for price, _ in variants]
    assert list(found[0].openings.values()) == [stock for _, stock in variants]
