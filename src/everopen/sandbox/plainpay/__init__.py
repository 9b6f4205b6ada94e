"""Plainpay: a plain payment provider that exists nowhere else, with a small JSON API.

It is unlike Stripe on purpose (a decline is not an error, words and shapes differ, keys are
required), so that whoever talks to both needs a true adapter for each.

**Keys.** `Authorization: Bearer <secret key>`; the publishable key may only make instruments.
Every POST needs `X-Request-Key` (1-200 characters). The same key and content again gives the first
answer, with `X-Request-Replayed: true`, for 24 hours; other content gives 422 `request_key_reused`;
the same key while the first is worked on gives 409 `request_in_progress`. Answers 2xx and refusals by
the state of things (409, 422) are kept; malformed requests (400) and server errors are not, so after
a 5xx the same key gives the truth.

**Authorization object**: `authorization_id` (`ppa_…`), `state`, `amount_minor`, `captured_minor`,
`voided_minor`, `refunded_minor`, `currency` (upper case), `merchant_reference`, `metadata`,
`decline_reason` (or null), `challenge_url` (or null), `created_at`, `expires_at` (RFC 3339, UTC).
States: `CHALLENGE -> AUTHORIZED | DECLINED`; `AUTHORIZED -> CAPTURED | VOIDED | EXPIRED`;
`CAPTURED -> REFUNDED` (when all of it was given back).

| call | body | answer |
|---|---|---|
| `POST /plainpay/v1/authorizations` | `merchant_reference`, `amount_minor`, `currency`, `instrument`, `metadata`?, `return_url`? | 201 authorization: look at `state` |
| `GET /plainpay/v1/authorizations/{id}` | | 200 authorization, 404 `not_found` |
| `GET /plainpay/v1/authorizations?merchant_reference=&created_after=&limit=&cursor=` | | 200 `items` (oldest first), `next_cursor` (or null) |
| `POST …/{id}/captures` | `amount_minor`? (less captures a part, once; the rest is let go) | 201 authorization |
| `POST …/{id}/voids` | | 201 authorization |
| `POST …/{id}/refunds` | `amount_minor`? (default: all that is left) | 201 authorization |
| `POST /plainpay/v1/instruments` | `card_number` (test cards only) | 201 `instrument` |

**Refusals** are `{"refusal": {"reason": …, "description": …, "field": …}}`: 400 `malformed`,
`request_key_required`; 401 `unknown_key`; 403 `publishable_key`; 404 `not_found`; 409 `wrong_state`; 422
`unknown_instrument`, `unknown_currency`, `amount_out_of_range`, `amount_exceeds_authorized`,
`amount_exceeds_captured`, `request_key_reused`.

**Test instruments**: `ppt_ok`, `ppt_declined`, `ppt_insufficient`, `ppt_challenge` (asks the shopper
at `challenge_url`, who is sent back to `return_url` with `?plainpay=approved|refused`),
`ppt_challenge_declined`.

**Notifications**: `POST <platform>/v1/webhooks/plainpay` with `notification_id`, `kind`
(`authorization.authorized`, `.declined`, `.captured`, `.voided`, `.expired`, `.refunded`), `occurred_at`
and `authorization`; header `X-Plainpay-Signature: <seconds>.<hex>`, the HMAC-SHA-256 of
`<seconds>.<body>` under the account's webhook secret. At least once, in no promised order.
"""  # noqa: E501 - a table's rows cannot be broken
