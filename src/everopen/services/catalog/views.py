"""From the catalog's record of a product to what the API says of it. Pure."""

from datetime import datetime

from everopen.contracts.catalog import Image, Option, Product, ProductSummary, SellableVariant, Variant
from everopen.core.money import Money
from everopen.services.catalog.model import ProductRecord, VariantRecord

IMAGE_PATH = "/images/"


def product_view(record: ProductRecord, version: int, created_at: datetime, updated_at: datetime) -> Product:
    """The product's page."""
    return Product(
        handle=record.handle,
        title=record.title,
        description=record.description,
        vendor=record.vendor,
        category=record.category,
        tags=record.tags,
        options=tuple(
            Option(name=name, values=tuple(dict.fromkeys(variant.options[n] for variant in record.variants)))
            for n, name in enumerate(record.option_names)
        ),
        images=tuple(
            Image(url=IMAGE_PATH + image.name, alt=image.alt or record.title) for image in record.images
        ),
        variants=tuple(_variant_view(record, variant) for variant in record.variants),
        version=version,
        created_at=created_at,
        updated_at=updated_at,
    )


def summary_view(record: ProductRecord) -> ProductSummary:
    """The product in a list. The price is that of its cheapest variant, and so is the reduction."""
    cheapest = min(record.variants, key=lambda variant: variant.price_minor)
    return ProductSummary(
        handle=record.handle,
        title=record.title,
        vendor=record.vendor,
        category=record.category,
        image=first_image(record),
        price_from=Money(cheapest.price_minor, record.currency),
        price_varies=any(variant.price_minor != cheapest.price_minor for variant in record.variants),
        compare_at_price=_compare_at(record, cheapest),
    )


def sellable_view(record: ProductRecord, variant: VariantRecord) -> SellableVariant:
    """The variant as it stands in a cart and on an order."""
    chosen = " / ".join(variant.options)
    image = first_image(record)
    return SellableVariant(
        sku=variant.sku,
        product_handle=record.handle,
        title=f"{record.title} – {chosen}" if chosen else record.title,  # noqa: RUF001  # a dash for people
        price=Money(variant.price_minor, record.currency),
        requires_shipping=variant.requires_shipping,
        image_url=_image_url(variant) or (image.url if image else None),
    )


def first_image(record: ProductRecord) -> Image | None:
    """The image that stands for the product."""
    if not record.images:
        return None
    image = record.images[0]
    return Image(url=IMAGE_PATH + image.name, alt=image.alt or record.title)


def _variant_view(record: ProductRecord, variant: VariantRecord) -> Variant:
    return Variant(
        sku=variant.sku,
        title=" / ".join(variant.options) or record.title,
        options=variant.options,
        price=Money(variant.price_minor, record.currency),
        compare_at_price=_compare_at(record, variant),
        weight_g=variant.weight_g,
        requires_shipping=variant.requires_shipping,
        image_url=_image_url(variant),
    )


def _compare_at(record: ProductRecord, variant: VariantRecord) -> Money | None:
    return None if variant.compare_at_minor is None else Money(variant.compare_at_minor, record.currency)


def _image_url(variant: VariantRecord) -> str | None:
    return None if variant.image_name is None else IMAGE_PATH + variant.image_name
