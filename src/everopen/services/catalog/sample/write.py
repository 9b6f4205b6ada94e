"""Writing the sample as what a merchant would bring: a Shopify CSV and a folder of images."""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from everopen.services.catalog.sample.departments import read_departments
from everopen.services.catalog.sample.drawing.canvas import Canvas, Paint, light, mix
from everopen.services.catalog.sample.palette import COLOURS
from everopen.services.catalog.sample.products import SampleProduct, SampleVariant, sample_products

_HEADER = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Published",
    "Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value", "Variant SKU", "Variant Grams",
    "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy",
    "Variant Fulfillment Service", "Variant Price", "Variant Compare At Price", "Variant Requires Shipping",
    "Variant Taxable", "Image Src", "Image Position", "Image Alt Text", "Gift Card", "Variant Image",
    "Variant Weight Unit", "Status",
)  # fmt: skip
_WALL = "#efe9e1"


@dataclass(frozen=True, slots=True)
class Sample:
    """What was written.

    Attributes:
        csv: the product file.
        images: the folder with the pictures that it names.
    """

    csv: Path
    images: Path
    products: int


def write_sample(directory: Path) -> Sample:
    """Write the sample catalog into `directory`; the same bytes each time."""
    images = directory / "images"
    images.mkdir(parents=True, exist_ok=True)
    products = sample_products(read_departments())
    file = directory / "products.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, _HEADER, restval="", lineterminator="\n")
        writer.writeheader()
        for product in products:
            names = {}
            for colour in product.colours:
                picture = draw(product, colour).encode()
                names[colour] = (
                    f"{product.handle[:80]}-{colour}-{hashlib.sha256(picture).hexdigest()[:8]}.svg"
                )
                (images / names[colour]).write_bytes(picture)
            writer.writerows(_rows(product, names))
    return Sample(file, images, len(products))


def draw(product: SampleProduct, colour: str) -> str:
    """The product's picture in one of its colours, as SVG."""
    tone = COLOURS[colour]
    canvas = Canvas(light(mix(tone.main, _WALL, 0.8), 0.1))
    paint = Paint(tone.main, tone.accent, product.style, f"{product.handle}/{colour}")
    module: Any = import_module(f"everopen.services.catalog.sample.drawing.{product.drawings}")
    getattr(module, product.kind.draw)(canvas, paint)
    return canvas.svg(_alt(product, colour))


def _alt(product: SampleProduct, colour: str) -> str:
    return product.title if product.kind.one_colour else f"{product.title} in {COLOURS[colour].label}"


def _rows(product: SampleProduct, images: dict[str, str]) -> Iterator[dict[str, str]]:
    pictures = list(images.items())
    for number, variant in enumerate(product.variants):
        row = _about(product) if number == 0 else {"Handle": product.handle}
        row |= _variant(product, variant, images)
        if number < len(pictures):
            colour, name = pictures[number]
            row |= {
                "Image Src": name,
                "Image Position": str(number + 1),
                "Image Alt Text": _alt(product, colour),
            }
        yield row


def _about(product: SampleProduct) -> dict[str, str]:
    kind = product.kind
    names = _options(product)
    return {
        "Handle": product.handle,
        "Title": product.title,
        "Body (HTML)": product.html,
        "Vendor": product.vendor,
        "Product Category": f"{product.department} > {kind.shelf}",
        "Type": kind.type,
        "Tags": ", ".join(kind.tags),
        "Published": "TRUE",
        "Gift Card": "FALSE",
        "Status": "active",
        **{f"Option{n} Name": name for n, name in enumerate(names, 1)},
    }


def _options(product: SampleProduct) -> list[str]:
    names = ["Colour"] if len(product.colours) > 1 else []
    return names + ([product.kind.size_name] if product.kind.sizes else [])


def _variant(product: SampleProduct, variant: SampleVariant, images: dict[str, str]) -> dict[str, str]:
    values = {"Colour": COLOURS[variant.colour].label, product.kind.size_name: variant.size}
    return {
        **{f"Option{n} Value": values[name] for n, name in enumerate(_options(product), 1)},
        "Variant SKU": variant.sku,
        "Variant Grams": str(product.kind.grams),
        "Variant Inventory Tracker": "shopify",
        "Variant Inventory Qty": str(variant.stock),
        "Variant Inventory Policy": "deny",
        "Variant Fulfillment Service": "manual",
        "Variant Price": _decimal(variant.price_minor),
        "Variant Compare At Price": ""
        if variant.compare_at_minor is None
        else _decimal(variant.compare_at_minor),
        "Variant Requires Shipping": "TRUE",
        "Variant Taxable": "TRUE",
        "Variant Image": images[variant.colour] if len(product.colours) > 1 else "",
        "Variant Weight Unit": "g",
    }


def _decimal(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"
