"""Every error has its one place in the tree, and every refusal its status."""

import pytest

from everopen.core import errors
from everopen.core.errors import BusinessError, EveropenError, OperationalError, OutcomeUnknown, Unavailable


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.InvalidInput, 400),
        (errors.Unauthenticated, 401),
        (errors.Forbidden, 403),
        (errors.NotFound, 404),
        (errors.Conflict, 409),
        (errors.PreconditionFailed, 412),
        (errors.TooLarge, 413),
        (errors.Unprocessable, 422),
    ],
)
def test_refusals_say_what_was_wrong(kind: type[BusinessError], status: int) -> None:
    error = kind("out-of-stock", "Not enough in stock.", skus=["A"])
    assert (error.status, error.code, error.detail, error.extra) == (
        status,
        "out-of-stock",
        "Not enough in stock.",
        {"skus": ["A"]},
    )
    assert str(error) == "out-of-stock: Not enough in stock."


def test_statuses_are_all_different() -> None:
    # The client turns a status back into its error: two of one status would be mixed up.
    statuses = [kind.status for kind in BusinessError.__subclasses__()]
    assert len(set(statuses)) == len(statuses)


def test_not_done_and_not_known_are_never_mistaken_for_each_other() -> None:
    # "Unavailable" may be tried again at will; what is unknown must be asked about first.
    assert not issubclass(OutcomeUnknown, Unavailable)
    assert not issubclass(Unavailable, OutcomeUnknown)
    assert not issubclass(OperationalError, BusinessError)


def test_everything_is_in_the_tree_that_the_module_shows() -> None:
    shown = errors.__doc__ or ""
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, EveropenError)
    ]
    assert len(kinds) >= 12
    assert all(kind.__name__ in shown for kind in kinds)
