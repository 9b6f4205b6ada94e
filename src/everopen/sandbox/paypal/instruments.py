"""Vaulted tokens that exist in every account of the sandbox: what each does when it is charged.

PayPal makes real ones with its vault API; these spare a test the shopper's first visit.
"""

import msgspec


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """What a payment source does.

    Attributes:
        needs_payer: the payer has to go to PayPal first.
        declined: when the money is to be held.
    """

    needs_payer: bool = False
    declined: bool = False


WALLET = Instrument(needs_payer=True)
VAULTED = {
    "vault-approved": Instrument(),
    "vault-declined": Instrument(declined=True),
    "vault-payer-action": Instrument(needs_payer=True),
    "vault-payer-action-declined": Instrument(needs_payer=True, declined=True),
}
