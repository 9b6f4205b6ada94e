"""Every instance has its place, and the place depends on nothing else."""

from collections import Counter
from pathlib import Path

import pytest

from everopen.core.errors import ConfigurationError
from everopen.topology import Kind, Layout, layout_of, parse_topology
from support.places import changed, shipped_text

_DATA = Path("/data")


def _layout(text: str) -> Layout:
    return layout_of(parse_topology(text), _DATA)


@pytest.mark.parametrize("name", ["single", "laptop"])
def test_no_port_and_no_directory_is_used_twice(name: str) -> None:
    layout = _layout(shipped_text(name))
    ports = Counter(port for i in layout.instances for port in i.ports.values())
    assert ports.most_common(1)[0][1] == 1
    assert len({i.directory for i in layout.instances}) == len(layout.instances)
    base = layout.topology.port_base
    assert all(base <= port < base + 100 * len(layout.topology.zones) for port in ports)


def test_laptop_has_what_it_says() -> None:
    layout = _layout(shipped_text("laptop"))
    assert layout.zones == ("singapore-a", "singapore-b", "mumbai-a", "outside")
    assert [i.name for i in layout.of_kind(Kind.ETCD)] == [
        "singapore-a/etcd",
        "singapore-b/etcd",
        "mumbai-a/etcd",
    ]
    assert [i.name for i in layout.members("sg1")] == ["singapore-a/postgres-sg1", "singapore-b/postgres-sg1"]
    assert [i.name for i in layout.hosting("payments")] == ["singapore-a/orders-1", "singapore-b/orders-1"]
    assert layout.object_store.zone == "mumbai-a"
    assert layout.sandbox is not None
    assert layout.sandbox.zone == "outside"
    assert layout.public_url == "http://127.0.0.1:20000"


def test_another_process_moves_nobody_elses_port() -> None:
    before = _layout(shipped_text("laptop"))
    after = _layout(changed("laptop", ("orders = 1", "orders = 3")))
    for instance in before.instances:
        assert after.instance(instance.name).ports == instance.ports
    assert len(after.instances) == len(before.instances) + 2


def test_another_cell_moves_nobody_elses_port() -> None:
    before = _layout(shipped_text("laptop"))
    after = _layout(
        changed(
            "laptop",
            (
                "[stores.cluster]",
                '[cells.sg2]\nlead = "singapore"\nmembers = ["singapore-b"]\n\n[stores.cluster]',
            ),
            ('cells = ["sg1"]', 'cells = ["sg1", "sg2"]'),
        )
    )
    for instance in before.instances:
        assert after.instance(instance.name).ports == instance.ports
    assert [i.name for i in after.members("sg2")] == ["singapore-b/postgres-sg2"]


def test_an_instance_is_found_by_its_own_name_where_that_is_clear() -> None:
    layout = _layout(shipped_text("laptop"))
    assert layout.instance("objectstore").name == "mumbai-a/objectstore"
    with pytest.raises(ConfigurationError, match=r"several zones.*singapore-a/etcd"):
        layout.instance("etcd")
    with pytest.raises(ConfigurationError, match=r"not an instance.*singapore-a/shop-1"):
        layout.instance("shop-7")
