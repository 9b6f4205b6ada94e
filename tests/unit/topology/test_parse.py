"""A topology says what is wrong with it: which key, and what would be allowed."""

import pytest

from everopen.core.errors import ConfigurationError
from everopen.topology import parse_topology, with_port_base
from support.places import changed, shipped_text


@pytest.mark.parametrize("name", ["single", "laptop"])
def test_shipped_topologies_are_valid(name: str) -> None:
    assert parse_topology(shipped_text(name)).name == name


@pytest.mark.parametrize(
    ("before", "after", "key", "allowed"),
    [
        ("format = 1", "", "`format`", "format 1"),
        ("format = 1", "format = 2", "`format`", "format 1"),
        ('name = "laptop"', 'name = "My Laptop"', "`name`", "[a-z]"),
        ("faults = true", "faults = 1", "`faults`", "bool"),
        ("faults = true", "", "`faults`", "missing"),
        ("faults = true", "faultz = true", "`faultz`", "faults"),
        ('currency = "USD"', 'currency = "XTS"', "`currency`", "SGD"),
        ("port_base = 20000", "port_base = 80", "`port_base`", ">= 1024"),
        ("port_base = 20000", "port_base = 65500", "`port_base`", "1024 to 65236"),
        ('kind = "witness"', 'kind = "observer"', "`sites.mumbai.kind`", "region, witness"),
        ("[sites.mumbai]", "[sites.Mumbai]", "`sites.Mumbai`", "[a-z]"),
        ("etcd = true", "etcdd = true", "`sites.singapore.zones.a.etcdd`", "etcd, cache_nodes"),
        ("cache_nodes = 1", 'cache_nodes = "1"', "`sites.singapore.zones.a.cache_nodes`", "int"),
        ("shop = 1", "shopp = 1", "`sites.singapore.zones.a.processes`", "shop, orders"),
        ("shop = 1", "shop = 99", "`sites.singapore.zones.a.processes.shop`", "0 to 9"),
        ("gateway = true", "gateway = false", "`sites.singapore.zones.a.gateway`", "true"),
        ('"cart", ', '"carts", ', "`processes.shop.services[1]`", "catalog, cart"),
        ('"storefront"]', '"sandbox"]', "`processes.shop.services`", "storefront"),
        ('"storefront"]', "]", "`sites.singapore`", "storefront"),
        ('lead = "singapore"', 'lead = "mumbai"', "`cells.sg1.lead`", "singapore"),
        ('"singapore-b"]', '"singapore-c"]', "`cells.sg1.members`", "singapore-a, singapore-b"),
        ('"singapore-b"]', '"mumbai-a"]', "`cells.sg1.members`", "witness"),
        ('"singapore-b"]', '"singapore-a"]', "`cells.sg1.members`", "once"),
        (
            "synchronous_standbys = 1",
            "synchronous_standbys = 2",
            "`cells.sg1.synchronous_standbys`",
            "0 to 1",
        ),
        ("[cells.sg1]", "[cells.sg_1]", "`cells.sg_1`", "[a-z]"),
        ('strategy = "cold"', 'strategy = "tepid"', "`stores.cluster.strategy`", "cold, warm, hot"),
        ('strategy = "cold"', 'strategy = "hot"', "`stores.cluster.strategy`", "cold"),
        ('cells = ["sg1"]', 'cells = ["sg2"]', "`stores.cluster.cells`", "sg1"),
        ('kind = "bucket"', 'kind = "cluster"', "`stores.images.cells`", "at least one cell"),
        ("[systems.orders]", "[systems.ordering]", "`systems.ordering`", "orders, payments"),
        ("rpo_s = 0", "rpo_s = -1", "`systems.orders.rpo_s`", ">= 0"),
        ('stores = ["cluster"]', 'stores = ["clusters"]', "`systems.orders.stores`", "cluster, images"),
        ('name = "stripe"', 'name = "adyen"', "`providers[0].name`", "stripe, razorpay"),
        ('name = "stripe"', 'name = "razorpay"', "`providers`", "once"),
        (
            'name = "stripe"',
            'name = "stripe"\napi_url = "https://api.example"',
            "`providers[0].keys_file`",
            "keys",
        ),
        ("sandbox = true", "sandbox = false", "`providers[0].api_url`", "`sandbox` is false"),
        ("object_store = true", "object_store = false", "`sites`", "exactly one"),
        (
            "etcd = true\nobject_store",
            "etcd = false\nobject_store",
            "`sites`",
            "odd number",
        ),
    ],
)
def test_errors_name_the_key_and_what_is_allowed(before: str, after: str, key: str, allowed: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_topology(changed("laptop", (before, after)), source="there.toml")
    message = str(caught.value)
    assert message.startswith("there.toml: ")
    assert key in message
    assert allowed in message


def test_only_loopback_is_listened_on() -> None:
    text = changed("laptop", ("[sites.singapore.zones.a]", '[sites.singapore.zones.a]\naddress = "10.0.0.1"'))
    with pytest.raises(ConfigurationError, match=r"sites\.singapore\.zones\.a\.address.*127\.0\.0\.0/8"):
        parse_topology(text)


def test_what_is_not_toml_is_said_to_be() -> None:
    with pytest.raises(ConfigurationError, match="not TOML"):
        parse_topology("sites = [")


def test_a_file_of_an_earlier_release_is_read_without_what_is_gone() -> None:
    former = changed("laptop", ('name = "stripe"', 'name = "stripe"\n\n[[providers]]\nname = "plainpay"'))
    assert parse_topology(former) == parse_topology(shipped_text("laptop"))


def test_port_base_is_replaced_and_the_rest_stays() -> None:
    text = with_port_base(shipped_text("laptop"), 31000)
    assert parse_topology(text).port_base == 31000
    assert text.replace("31000", "20000") == shipped_text("laptop")


_STRETCHED = (
    ('kind = "witness"', 'kind = "region"'),
    (
        "etcd = true\nobject_store = true",
        "etcd = true\nobject_store = true\ngateway = true\nprocesses = { shop = 1, orders = 1 }",
    ),
    ('"singapore-b"]', '"singapore-b", "mumbai-a"]'),
)


def test_a_stretched_cell_must_wait_for_a_copy_elsewhere() -> None:
    with pytest.raises(ConfigurationError, match=r"cells\.sg1\.synchronous_standbys.*exceed.*2 to 2"):
        parse_topology(changed("laptop", *_STRETCHED))


def test_a_cell_may_stretch_over_regions_and_be_hot() -> None:
    topology = parse_topology(
        changed(
            "laptop",
            *_STRETCHED,
            ("synchronous_standbys = 1", "synchronous_standbys = 2"),
            ('strategy = "cold"', 'strategy = "hot"'),
        )
    )
    assert [site.name for site in topology.regions] == ["singapore", "mumbai"]
    assert topology.home_cell("mumbai").name == "sg1"
