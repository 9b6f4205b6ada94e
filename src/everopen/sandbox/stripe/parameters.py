"""The parameters that each endpoint documents; any other is refused, as Stripe refuses it.

Read off docs.stripe.com/api for version 2026-10-28. Known does not mean simulated: what an order
path does not need is accepted and has no effect.
"""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DETAILS = _names("""
    amount_details application_fee_amount capture_method customer customer_account description
    excluded_payment_method_types expand hooks metadata payment_details payment_method
    payment_method_configuration payment_method_data payment_method_options payment_method_types
    receipt_email setup_future_usage shipping statement_descriptor statement_descriptor_suffix
    transfer_data transfer_group
""")
_CONFIRMING = _names("""
    confirmation_token error_on_requires_action mandate mandate_data off_session radar_options
    return_url use_stripe_sdk
""")
INTENT_UPDATE = _DETAILS | _names("amount currency")
INTENT_CONFIRM = _CONFIRMING | _names("""
    amount_details amount_to_confirm capture_method excluded_payment_method_types expand hooks
    payment_details payment_method payment_method_data payment_method_options payment_method_types
    receipt_email setup_future_usage shipping
""")
INTENT_CREATE = (
    INTENT_UPDATE
    | _CONFIRMING
    | _names("""
    allowed_payment_method_types automatic_payment_methods confirm confirmation_method on_behalf_of
""")
)
INTENT_CAPTURE = _names("""
    amount_details amount_to_capture application_fee_amount expand final_capture hooks metadata
    payment_details statement_descriptor statement_descriptor_suffix transfer_data
""")
INTENT_CANCEL = _names("cancellation_reason expand")
PAYMENT_METHOD_CREATE = _names("type card billing_details metadata allow_redisplay expand")
CARD = _names("number exp_month exp_year cvc token networks")
BILLING_DETAILS = _names("address email name phone tax_id")
REFUND_CREATE = _names("""
    amount charge currency customer expand instructions_email metadata origin payment_intent reason
    refund_application_fee reverse_transfer
""")
ALWAYS_EMPTY_EXPANSIONS = _names("""
    application application_fee balance_transaction customer on_behalf_of refunds review
    source_transfer transfer transfer_reversal source_transfer_reversal failure_balance_transaction
""")
