"""PayPal by its REST API: Orders v2, Payments v2 and Transaction Search (developer.paypal.com/api/rest).

Not by PayPal's own package, which is synchronous; contract tests hold this adapter to it.

**Reference.** The id of PayPal's *order*: it is known from the first answer, with a vaulted token and
in the wallet flow alike, has at most one authorization, and shows its authorization, captures and
refunds when it is read. So claims, which are unique on (provider, reference), mean the same thing
before and after the shopper's approval.

**Ours in theirs.** `custom_id` is `order|attempt|cell|generation` (at most 111 of 127 characters, which
is what Transaction Search shows of it), `invoice_id` the attempt's id: each attempt is one payment at
most, and an account that refuses duplicate invoice ids (a setting of PayPal's) refuses a second charge
even with a forgotten key. `reference_id` is our order's id, for people who read.

**A hold that is not known.** The same PayPal-Request-Id is repeated and gets the present state of what
it did. PayPal keeps these for 6 hours for orders and 45 days for captures, voids and refunds. An
attempt older than `KEYS_S` is never repeated: it is looked for in Transaction Search, where everything
has appeared by then (within three hours, says PayPal). `list_payments` always reads those three hours
more, so that what appears late is seen.

**The wallet.** The shopper's approval holds nothing; `complete` asks for the authorization. PayPal
allows one for each order, so repeating it is harmless. An order that nobody approves expires by itself
after 6 hours.

**Void** is of an authorization. An order without one needs none: nothing is held, and only we could
hold it. If that happens all the same, in another instance at that very moment, its claim fails and it
is voided again.

**Refunds** carry our refund's id in `custom_id` and are looked for in the order first, so that they are
paid once however long ago the first try was.
"""
