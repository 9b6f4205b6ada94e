"""From what the merchant's desk sends to the catalog's record, and back. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from everopen.contracts.assortment import (
    ImageDraft,
    KeptProduct,
    PriceChange,
    ProductDraft,
    ProductState,
    VariantDraft,
)
from everopen.core import limits
from everopen.core.errors import InvalidInput, NotFound
from everopen.core.money import Money
from everopen.core.skus import parse_sku
from everopen.kit.audit import Entry
from everopen.services.catalog.model import (
    ImageRecord,
    ProductRecord,
    VariantRecord,
    check_image_name,
    is_handle,
    normal_category,
)

# As in an imported file, so that whatever is made here can be imported, and the other way round.
TITLE_CHARACTERS = 255
DESCRIPTION_CHARACTERS = 20_000
TAGS = 250
IMAGES = 250
VARIANTS = 100  # the body of a request is the tighter limit
OPTIONS = 3
WEIGHT_G = 1_000_000


def parse_draft(handle: str, draft: ProductDraft, currency: str) -> ProductRecord:
    """The product that `draft` describes.

    Raises:
        InvalidInput: it cannot be sold so; names the field.
    """
    if not is_handle(handle):
        raise _bad("handle", "lower-case words joined by hyphens, such as stone-mug")
    _check_texts(draft)
    names = tuple(" ".join(name.split()) for name in draft.option_names)
    if len(names) > OPTIONS or len(set(names)) != len(names) or not all(names):
        raise _bad("option_names", f"at most {OPTIONS} different names")
    return ProductRecord(
        handle=handle,
        title=draft.title.strip(),
        description=draft.description.strip(),
        vendor=draft.vendor.strip(),
        category=normal_category(draft.category),
        product_type=draft.product_type.strip(),
        tags=tuple(dict.fromkeys(tag.strip() for tag in draft.tags if tag.strip())),
        option_names=names,
        images=tuple(_image(image) for image in draft.images),
        variants=_variants(draft.variants, len(names), currency),
        currency=currency,
        published=draft.published,
    )


def priced(record: ProductRecord, changes: Sequence[PriceChange]) -> ProductRecord:
    """The product with other prices.

    Raises:
        InvalidInput: a price cannot be, or a SKU is named twice.
        NotFound: the product has no such variant (`unknown-sku`).
    """
    wanted = {change.sku: change for change in changes}
    if not changes or len(wanted) != len(changes):
        raise _bad("items", "a price for each SKU once, and at least one")
    unknown = wanted.keys() - {variant.sku for variant in record.variants}
    if unknown:
        raise NotFound("unknown-sku", f"The product has no variant {min(unknown)!r}.")

    def change(variant: VariantRecord) -> VariantRecord:
        new = wanted.get(variant.sku)
        if new is None:
            return variant
        price, before = _prices(new.price, new.compare_at_price, record.currency)
        return msgspec.structs.replace(variant, price_minor=price, compare_at_minor=before)

    return msgspec.structs.replace(record, variants=tuple(change(variant) for variant in record.variants))


def parse_reason(reason: str) -> str:
    """Raises: InvalidInput: too long, or not printable (`invalid-reason`)."""
    if len(reason) > limits.NAME_CHARACTERS or not reason.isprintable():
        raise InvalidInput(
            "invalid-reason", f"A reason has at most {limits.NAME_CHARACTERS} printable characters."
        )
    return reason.strip()


def state_of(record: ProductRecord, archived_at: datetime | None) -> ProductState:
    """A published product is not archived, whatever was done to it before."""
    if record.published:
        return "published"
    return "unpublished" if archived_at is None else "archived"


def kept_view(
    record: ProductRecord, state: ProductState, version: int, created_at: datetime, updated_at: datetime
) -> KeptProduct:
    """The product as the merchant sees it."""
    return KeptProduct(
        handle=record.handle,
        state=state,
        version=version,
        title=record.title,
        description=record.description,
        vendor=record.vendor,
        category=record.category,
        product_type=record.product_type,
        tags=record.tags,
        option_names=record.option_names,
        images=tuple(ImageDraft(name=image.name, alt=image.alt) for image in record.images),
        variants=tuple(
            VariantDraft(
                sku=variant.sku,
                options=variant.options,
                price=Money(variant.price_minor, record.currency),
                compare_at_price=(
                    None
                    if variant.compare_at_minor is None
                    else Money(variant.compare_at_minor, record.currency)
                ),
                weight_g=variant.weight_g,
                requires_shipping=variant.requires_shipping,
                image_name=variant.image_name,
            )
            for variant in record.variants
        ),
        created_at=created_at,
        updated_at=updated_at,
    )


def entry(actor: str, action: str, reason: str, before: ProductRecord | None, after: ProductRecord) -> Entry:
    """The change as the audit trail tells it: the fields that differ, and of a new product the gist."""
    new = _plain(after)
    if before is None:
        gist = {"title": after.title, "published": after.published}
        prices = {variant.sku: variant.price_minor for variant in after.variants}
        return Entry(
            actor=actor, action=action, entity=after.handle, reason=reason, after={**gist, "prices": prices}
        )
    old = _plain(before)
    differing = [name for name in new if old[name] != new[name]]
    return Entry(
        actor=actor,
        action=action,
        entity=after.handle,
        reason=reason,
        before={name: old[name] for name in differing},
        after={name: new[name] for name in differing},
    )


def _plain(record: ProductRecord) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(record)
    return plain


def _check_texts(draft: ProductDraft) -> None:
    if not draft.title.strip():
        raise _bad("title", "not empty")
    for name in ("title", "vendor", "category", "product_type"):
        text: str = getattr(draft, name)
        if len(text) > TITLE_CHARACTERS or not text.isprintable():
            raise _bad(name, f"at most {TITLE_CHARACTERS} printable characters")
    if len(draft.description) > DESCRIPTION_CHARACTERS or "\x00" in draft.description:
        raise _bad("description", f"at most {DESCRIPTION_CHARACTERS} characters")
    if len(draft.tags) > TAGS or any(len(t) > TITLE_CHARACTERS or not t.isprintable() for t in draft.tags):
        raise _bad("tags", f"at most {TAGS} of at most {TITLE_CHARACTERS} printable characters")
    if len(draft.images) > IMAGES:
        raise _bad("images", f"at most {IMAGES}")


def _image(draft: ImageDraft) -> ImageRecord:
    check_image_name(draft.name)
    if len(draft.alt) > TITLE_CHARACTERS or not draft.alt.isprintable():
        raise _bad("images", f"described in at most {TITLE_CHARACTERS} printable characters")
    return ImageRecord(name=draft.name, alt=draft.alt)


def _variants(drafts: Sequence[VariantDraft], options: int, currency: str) -> tuple[VariantRecord, ...]:
    if not 0 < len(drafts) <= VARIANTS:
        raise _bad("variants", f"1 to {VARIANTS}")
    found = tuple(_variant(draft, options, currency) for draft in drafts)
    if len({variant.sku for variant in found}) != len(found):
        raise _bad("variants", "different in their SKUs")
    if len({variant.options for variant in found}) != len(found):
        raise _bad("variants", "different in their options")
    return found


def _variant(draft: VariantDraft, options: int, currency: str) -> VariantRecord:
    values = tuple(" ".join(value.split()) for value in draft.options)
    if len(values) != options or any(
        not 0 < len(v) <= TITLE_CHARACTERS or not v.isprintable() for v in values
    ):
        raise _bad("variants", "each with one value for each of the product's options")
    if not 0 <= draft.weight_g <= WEIGHT_G:
        raise _bad("weight_g", f"from 0 to {WEIGHT_G}")
    if draft.image_name is not None:
        check_image_name(draft.image_name)
    price, before = _prices(draft.price, draft.compare_at_price, currency)
    return VariantRecord(
        sku=parse_sku(draft.sku),
        options=values,
        price_minor=price,
        compare_at_minor=before,
        weight_g=draft.weight_g,
        requires_shipping=draft.requires_shipping,
        image_name=draft.image_name,
    )


def _prices(price: Money, before: Money | None, currency: str) -> tuple[int, int | None]:
    for money in (price, before):
        if money is not None and money.currency != currency:
            raise _bad("price", f"in {currency}, the currency of this shop")
        if money is not None and not 0 <= money.amount_minor <= limits.ORDER_TOTAL_MINOR:
            raise _bad("price", f"from 0 to {limits.ORDER_TOTAL_MINOR} minor units")
    if before is None:
        return price.amount_minor, None
    if before.amount_minor <= price.amount_minor:
        raise _bad("compare_at_price", "more than the price, or left out")
    return price.amount_minor, before.amount_minor


def _bad(field: str, must_be: str) -> InvalidInput:
    return InvalidInput("invalid-product", f"`{field}` must be {must_be}.", field=field)
