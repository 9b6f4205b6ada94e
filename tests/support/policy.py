"""Another order of the providers than the shipped one."""

import re

# What is approved at each provider of the sandbox, without asking the shopper.
APPROVED = {
    "stripe": "pm_card_visa",
    "razorpay": "cust_TestShopper001.token_TestVisaOk0001",
    "paypal": "vault-approved",
}
# What becomes of a hold that is let go, at each as `with_provider_first` sets it up.
LET_GO = {"stripe": "voided", "razorpay": "refunded", "paypal": "voided"}
_PROVIDER = re.compile(r'\[\[providers\]\]\nname = "(?P<name>\w+)"\n(?:\w.*\n)*')


def with_provider_first(text: str, name: str) -> str:
    """The text of a topology in which this provider is tried first.

    Razorpay, which has no void, captures and refunds: what lapses would be held for days.
    """
    found = {match["name"]: match[0] for match in _PROVIDER.finditer(text)}
    order = [name, *(other for other in found if other != name)]
    listed = "\n".join(found[one] for one in order).replace('void = "lapse"', 'void = "capture-refund"')
    return f"{_PROVIDER.sub('', text)}\n{listed}"


def instruments(first: str) -> list[dict[str, str]]:
    """A means of payment at this provider, and one at another for when it is out."""
    other = "stripe" if first == "paypal" else "paypal"
    return [{"provider": name, "token": APPROVED[name]} for name in (first, other)]
