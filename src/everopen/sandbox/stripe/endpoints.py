"""The endpoints of PaymentIntents: parameters in, a transition, its result out."""

import msgspec

from everopen.sandbox.exchange.calls import Answer
from everopen.sandbox.stripe import intents
from everopen.sandbox.stripe.amounts import check_amount
from everopen.sandbox.stripe.cards import BY_NAME, GENERIC, TestCard
from everopen.sandbox.stripe.errors import StripeError, invalid, missing, unexpected_state
from everopen.sandbox.stripe.forms import Params, merge_metadata
from everopen.sandbox.stripe.intents import Change
from everopen.sandbox.stripe.objects import PaymentIntent, PaymentMethod
from everopen.sandbox.stripe.session import Session
from everopen.sandbox.stripe.single_use import check_unused, mark_used
from everopen.sandbox.tokens import random_token

_CAPTURE_METHODS = ("automatic", "automatic_async", "manual")
_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


def create(session: Session, params: Params) -> Answer:
    """POST /v1/payment_intents"""
    amount, currency = _amount(params)
    automatic = _automatic_methods(params)
    _refuse_unsupported(params)
    id_ = random_token("pi_3")
    intent = PaymentIntent(
        id=id_,
        amount=amount,
        automatic_payment_methods=automatic,
        capture_method=params.choice("capture_method", _CAPTURE_METHODS, "automatic_async"),
        client_secret=random_token(f"{id_}_secret_"),
        confirmation_method=params.choice("confirmation_method", ("automatic", "manual"), "automatic"),
        created=session.now,
        currency=currency,
        description=params.text("description", longest=1000),
        metadata=merge_metadata({}, params.metadata()),
        receipt_email=params.text("receipt_email", longest=800),
        shipping=params.tree("shipping") or None,
        statement_descriptor_suffix=params.text("statement_descriptor_suffix", longest=22),
        status="requires_payment_method",
        transfer_group=params.text("transfer_group"),
    )
    chosen = _method(session, params)
    if chosen is not None:
        intent = msgspec.structs.replace(intent, status="requires_confirmation", payment_method=chosen[0].id)
    if not params.boolean("confirm"):
        session.create(intent)
        session.enter(intent)
        return Answer(status=200, body=msgspec.json.encode(intent))
    confirmation = _confirmation(session, params, intent, chosen)
    session.create(intent)
    return _confirmed(session, intents.confirm(intent, confirmation, session.now), confirmation)


def update(session: Session, params: Params, id_: str) -> Answer:
    """POST /v1/payment_intents/{id}"""
    intent = session.intent(id_)
    _refuse_unsupported(params)
    moves_money = [
        name for name in ("amount", "currency", "payment_method", "capture_method") if name in params
    ]
    if moves_money and intent.status not in {
        "requires_payment_method",
        "requires_confirmation",
        "requires_action",
    }:
        raise unexpected_state(
            f"This PaymentIntent's {moves_money[0]} could not be updated because it has a status of"
            f" {intent.status}. You may only update the {moves_money[0]} of a PaymentIntent with one of the"
            " following statuses: requires_payment_method, requires_confirmation, requires_action.",
            intent,
        )
    amount = params.integer("amount")
    currency = (params.text("currency") or intent.currency).lower()
    check_amount(intent.amount if amount is None else amount, currency)
    chosen = _method(session, params)
    intent = msgspec.structs.replace(
        intent,
        amount=intent.amount if amount is None else amount,
        currency=currency,
        capture_method=params.choice("capture_method", _CAPTURE_METHODS, intent.capture_method),
        metadata=merge_metadata(intent.metadata, params.metadata()),
        description=params.text("description") if "description" in params else intent.description,
        receipt_email=params.text("receipt_email") if "receipt_email" in params else intent.receipt_email,
        shipping=params.tree("shipping") or None if "shipping" in params else intent.shipping,
    )
    if chosen is not None:
        intent = msgspec.structs.replace(
            intent, status="requires_confirmation", payment_method=chosen[0].id, next_action=None
        )
    return Answer(status=200, body=session.change_details(intent))


def confirm(session: Session, params: Params, id_: str) -> Answer:
    """POST /v1/payment_intents/{id}/confirm"""
    intent = session.intent(id_)
    _refuse_unsupported(params)
    chosen = _method(session, params)
    if chosen is None and intent.payment_method is not None:
        chosen = session.method(intent.payment_method)
    if "capture_method" in params:
        method = params.choice("capture_method", _CAPTURE_METHODS, intent.capture_method)
        intent = msgspec.structs.replace(intent, capture_method=method)
    confirmation = _confirmation(session, params, intent, chosen)
    return _confirmed(session, intents.confirm(intent, confirmation, session.now), confirmation)


def capture(session: Session, params: Params, id_: str) -> Answer:
    """POST /v1/payment_intents/{id}/capture"""
    intent = session.intent(id_)
    if not params.boolean("final_capture", default=True):
        raise invalid("This account is not configured for multiple captures.", param="final_capture")
    intent = msgspec.structs.replace(intent, metadata=merge_metadata(intent.metadata, params.metadata()))
    amount = params.integer("amount_to_capture")
    change = intents.capture(intent, session.charge_of(intent), amount, session.now)
    return Answer(status=200, body=session.apply(change))


def cancel(session: Session, params: Params, id_: str) -> Answer:
    """POST /v1/payment_intents/{id}/cancel"""
    intent = session.intent(id_)
    reason = params.choice("cancellation_reason", _REASONS, "") or None
    change = intents.cancel(intent, session.charge_of(intent), reason, session.now)
    return Answer(status=200, body=session.apply(change))


def answer_challenge(session: Session, id_: str, *, approved: bool) -> PaymentIntent:
    """What the shopper decided on the challenge's page."""
    intent = session.intent(id_)
    if intent.payment_method is None:
        raise unexpected_state("No authentication is open for this PaymentIntent.", intent)
    method, card = session.method(intent.payment_method)
    change = intents.answer_challenge(
        intent, method, _meeting(card, session), approved=approved, now=session.now
    )
    session.apply(change)
    _mark(session, change, method)
    return change.intent


def expire(session: Session, id_: str) -> bool:
    """The issuer lets a hold go; False if none is held."""
    intent = session.intent(id_)
    if intent.status != "requires_capture":
        return False
    session.apply(intents.cancel(intent, session.charge_of(intent), "expired", session.now, expired=True))
    return True


def _amount(params: Params) -> tuple[int, str]:
    amount = params.integer("amount")
    if amount is None:
        raise params.absent("amount")
    currency = params.required_text("currency").lower()
    check_amount(amount, currency)
    return amount, currency


def _automatic_methods(params: Params) -> dict[str, str | bool] | None:
    """The dashboard's payment methods are the default if no types are named (since version 2023-08-16)."""
    types = params.texts("payment_method_types")
    for type_ in types:
        if type_ != "card":
            raise invalid(
                f'The payment method type "{type_[:40]}" is invalid. Please ensure the provided type is'
                " activated in your dashboard and your account is enabled for any preview features that you"
                " are trying to use.",
                param="payment_method_types",
            )
    within = params.within("automatic_payment_methods", {"enabled", "allow_redirects"})
    enabled = within.boolean("enabled", default=not types)
    if types and enabled:
        raise invalid(
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."
        )
    if not enabled:
        return None
    return {
        "allow_redirects": within.choice("allow_redirects", ("always", "never"), "always"),
        "enabled": True,
    }


def _refuse_unsupported(params: Params) -> None:
    for name, what in (("customer", "customer"), ("confirmation_token", "confirmationtoken")):
        value = params.text(name)
        if value is not None:
            raise missing(what, value, param=name, status=400)


def _method(session: Session, params: Params) -> tuple[PaymentMethod, TestCard] | None:
    id_ = params.text("payment_method")
    if id_ is not None:
        return session.method(id_)
    if not params.tree("payment_method_data"):
        return None
    data = params.within(
        "payment_method_data", {"type", "card", "billing_details", "metadata", "allow_redisplay"}
    )
    token = data.within("card", {"token"}).required_text("token")
    card = BY_NAME.get(token.removeprefix("tok_")) if token.startswith("tok_") else None
    if card is None:
        raise missing("token", token, param="payment_method_data[card][token]", status=400)
    return session.new_method(card), card


def _confirmation(
    session: Session,
    params: Params,
    intent: PaymentIntent,
    chosen: tuple[PaymentMethod, TestCard] | None,
) -> intents.Confirmation:
    return_url = params.text("return_url")
    if return_url is not None and not return_url.startswith(("http://", "https://")):
        raise invalid("Not a valid URL", param="return_url", code="url_invalid")
    automatic = intent.automatic_payment_methods
    if automatic is not None and automatic["allow_redirects"] == "always" and return_url is None:
        raise invalid(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because"
            " some of these payment methods might redirect your customer off of your page, you must provide"
            " a `return_url`. If you don't want to accept redirect-based payment methods, set"
            " `automatic_payment_methods[enabled]` to `true` and"
            " `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and"
            " Payment Intents.",
            param="return_url",
        )
    if chosen is None:
        raise unexpected_state(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either"
            " update the PaymentIntent with a payment method and then confirm it again, or confirm it again"
            " directly with a payment method or ConfirmationToken.",
            intent,
        )
    method, card = chosen
    check_unused(session.db, method.id, intent.id)
    off_session = params.text("off_session") not in {None, "false", "0"}
    return intents.Confirmation(
        method=method,
        card=_meeting(card, session),
        challenge_url=f"{session.call.base_url}/challenge/stripe/{intent.id}/{intent.client_secret}",
        return_url=return_url,
        off_session=off_session,
        error_on_requires_action=params.boolean("error_on_requires_action"),
    )


def _meeting(card: TestCard, session: Session) -> TestCard:
    """The card as this call meets it: a fault may decline every card."""
    if not session.conditions.declining:
        return card
    return msgspec.structs.replace(card, challenge=False, decline=GENERIC)


def _confirmed(session: Session, change: Change, confirmation: intents.Confirmation) -> Answer:
    body = session.apply(change)
    if change.decline is None:
        _mark(session, change, confirmation.method)
        return Answer(status=200, body=body)
    charge = change.charge
    error = StripeError(
        402,
        "card_error",
        change.decline.message,
        code=change.decline.code,
        charge=None if charge is None else charge.id,
        decline_code=change.decline.decline_code,
        payment_intent=change.intent,
        payment_method=confirmation.method,
    )
    return Answer(status=402, body=error.body())


def _mark(session: Session, change: Change, method: PaymentMethod) -> None:
    if change.intent.status in {"requires_capture", "succeeded"}:
        mark_used(session.db, method.id, change.intent.id)
