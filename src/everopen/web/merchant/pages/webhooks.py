"""Webhooks: who is told, with which secret, and how it went."""

from collections.abc import Mapping
from typing import TypeVar, get_args
from urllib.parse import quote

import msgspec
from litestar.handlers import post
from litestar.params import FromPath

from everopen.contracts.notifications import (
    CreateWebhookSubscription,
    OrderEventType,
    ReplaceWebhookSubscription,
)
from everopen.core.errors import BusinessError, EveropenError, InvalidInput, NotFound
from everopen.web.merchant import views
from everopen.web.merchant.site import (
    NOT_SIGNED_IN,
    GivenDesk,
    Page,
    WebRequest,
    asked,
    form_of,
    new_key,
    page,
    typed_in,
)
from everopen.web.serving.answers import see_other

T = TypeVar("T", CreateWebhookSubscription, ReplaceWebhookSubscription)
_EVENTS: tuple[str, ...] = get_args(OrderEventType)
_DELIVERY_STATES = ("pending", "delivered", "failed")
_SAID = {
    "saved": "Saved.",
    "test": "A test is on its way. Look at the deliveries below in a moment.",
    "deleted": "It is deleted. Nothing more is sent there.",
    "retry": "It is tried again now. Reload this page in a moment.",
}


@page("/merchant/webhooks")
async def index(request: WebRequest, desk: GivenDesk) -> Page:
    """Every subscriber."""
    found = await desk.api(request).subscriptions()
    return desk.render.page("webhooks.html", found=found, done=_said(request))


@page("/merchant/new-webhook")
async def new(request: WebRequest, desk: GivenDesk) -> Page:
    """An empty form."""
    desk.api(request)
    return _form(desk, {}, _EVENTS, key=new_key())


@post("/merchant/webhooks")
async def subscribe(request: WebRequest, desk: GivenDesk) -> Page:
    """Add a subscriber, once for each form; the answer shows its secret, and no page does so again."""
    sent = await form_of(request)
    fields, events = typed_in(sent), _events(sent)
    api = desk.api(request)
    try:
        wanted = _checked(
            CreateWebhookSubscription, url=fields["url"].strip(), events=events, description=_words(fields)
        )
        made = await api.subscribe(wanted, fields["key"])
    except NOT_SIGNED_IN:
        raise
    except EveropenError as error:
        return _form(desk, fields, events, key=fields["key"] or new_key(), error=error)
    return desk.render.page(
        "webhook_secret.html", subscription=made.subscription, secret=made.secret, until=None
    )


@page("/merchant/webhooks/{subscription_id:str}")
async def show(request: WebRequest, desk: GivenDesk, subscription_id: FromPath[str]) -> Page:
    """One subscriber, to be changed, and what was delivered."""
    return await _page(request, desk, subscription_id)


@post("/merchant/webhooks/{subscription_id:str}")
async def change(request: WebRequest, desk: GivenDesk, subscription_id: FromPath[str]) -> Page:
    """Change where to, what of and whether."""
    sent = await form_of(request)
    fields, events = typed_in(sent), _events(sent)
    try:
        wanted = _checked(
            ReplaceWebhookSubscription,
            url=fields["url"].strip(),
            events=events,
            description=_words(fields),
            state="enabled" if fields["state"] == "enabled" else "disabled",
        )
        await desk.api(request).change_subscription(subscription_id, wanted)
    except (NotFound, *NOT_SIGNED_IN):
        raise
    except EveropenError as error:
        return await _page(request, desk, subscription_id, error)
    return see_other(f"{_path(subscription_id)}?done=saved")


@post("/merchant/webhooks/{subscription_id:str}/{action:str}")
async def act(
    request: WebRequest, desk: GivenDesk, subscription_id: FromPath[str], action: FromPath[str]
) -> Page:
    """Replace the secret, send a test or delete, once for each form."""
    key = typed_in(await form_of(request))["key"]
    api = desk.api(request)
    try:
        if action == "secret":
            replaced = await api.new_secret(subscription_id, key)
            subscription = await api.subscription(subscription_id)
            return desk.render.page(
                "webhook_secret.html",
                subscription=subscription,
                secret=replaced.secret,
                until=replaced.previous_until,
            )
        if action == "test":
            await api.try_subscription(subscription_id, key)
            return see_other(f"{_path(subscription_id)}?done=test")
        if action == "delete":
            await api.unsubscribe(subscription_id)
            return see_other("/merchant/webhooks?done=deleted")
    except (NotFound, *NOT_SIGNED_IN):
        raise
    except EveropenError as error:
        return await _page(request, desk, subscription_id, error)
    raise NotFound("no-such-page", "There is no such page.")


@page("/merchant/webhooks/{subscription_id:str}/{action:str}")
async def back(subscription_id: FromPath[str], action: FromPath[str]) -> Page:  # noqa: ARG001  # any of them
    """The address of a form that was opened by itself, from the history or a reload."""
    return see_other(_path(subscription_id))


@page("/merchant/webhooks/{subscription_id:str}/deliveries/{delivery_id:str}")
async def delivery(
    request: WebRequest, desk: GivenDesk, subscription_id: FromPath[str], delivery_id: FromPath[str]
) -> Page:
    """What was sent, and every attempt."""
    return await _delivery(request, desk, subscription_id, delivery_id)


@post("/merchant/webhooks/{subscription_id:str}/deliveries/{delivery_id:str}")
async def retry(
    request: WebRequest, desk: GivenDesk, subscription_id: FromPath[str], delivery_id: FromPath[str]
) -> Page:
    """Try it once more, once for each form."""
    key = typed_in(await form_of(request))["key"]
    try:
        await desk.api(request).retry(subscription_id, delivery_id, key)
    except (NotFound, *NOT_SIGNED_IN):
        raise
    except EveropenError as error:
        return await _delivery(request, desk, subscription_id, delivery_id, error)
    return see_other(f"{_path(subscription_id)}/deliveries/{quote(delivery_id, safe='')}?done=retry")


async def _page(
    request: WebRequest, desk: GivenDesk, subscription_id: str, error: EveropenError | None = None
) -> Page:
    api = desk.api(request)
    subscription = await api.subscription(subscription_id)
    filters = asked(request, "state", "cursor")
    typed = typed_in(filters)
    if typed.get("state", "") not in ("", *_DELIVERY_STATES):
        return see_other(_path(subscription_id))
    found = await api.deliveries(subscription_id, filters)
    return desk.render.page(
        "webhook.html",
        status=200 if error is None else _status(error),
        subscription=subscription,
        found=found,
        filters=filters,
        typed=typed,
        events=_EVENTS,
        states=_DELIVERY_STATES,
        keys={"secret": new_key(), "test": new_key()},
        problem="" if error is None else views.sentence(error),
        done=_said(request) if error is None else "",
    )


async def _delivery(
    request: WebRequest,
    desk: GivenDesk,
    subscription_id: str,
    delivery_id: str,
    error: EveropenError | None = None,
) -> Page:
    log = await desk.api(request).delivery(subscription_id, delivery_id)
    return desk.render.page(
        "delivery.html",
        status=200 if error is None else _status(error),
        log=log,
        key=new_key(),
        problem="" if error is None else views.sentence(error),
        done=_said(request) if error is None else "",
    )


def _form(
    desk: GivenDesk,
    fields: Mapping[str, str],
    events: tuple[str, ...],
    *,
    key: str,
    error: EveropenError | None = None,
) -> Page:
    return desk.render.page(
        "new_webhook.html",
        status=200 if error is None else _status(error),
        url=fields.get("url", ""),
        description=fields.get("description", ""),
        chosen=events,
        events=_EVENTS,
        key=key,
        problem="" if error is None else views.sentence(error),
    )


def _checked(kind: type[T], **fields: object) -> T:
    """Raises: InvalidInput: no event is chosen, or something is longer than it may be."""
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError:
        raise InvalidInput(
            "invalid-subscription", "Say an address of at most 1,000 characters, and choose an event."
        ) from None


def _events(sent: list[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(value for name, value in sent if name == "event")


def _words(fields: Mapping[str, str]) -> str:
    return fields["description"].strip()


def _status(error: EveropenError) -> int:
    return error.status if isinstance(error, BusinessError) else 503


def _said(request: WebRequest) -> str:
    return _SAID.get(request.query_params.get("done", ""), "")


def _path(subscription_id: str) -> str:
    return f"/merchant/webhooks/{quote(subscription_id, safe='')}"
