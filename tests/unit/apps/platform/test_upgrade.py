"""A platform that an earlier release made: it can be seen, stopped and brought up again."""

from pathlib import Path

import msgspec
import pytest

from everopen.apps.platform.data_dir import DataDir
from everopen.apps.platform.platform import Platform
from everopen.apps.platform.secrets import SecretsFile
from everopen.core.errors import ConfigurationError
from support.places import changed


def test_a_topology_without_a_new_service_can_still_be_attached_to(tmp_path: Path) -> None:
    former = changed("laptop", ('"insights", ', ""))
    DataDir.at(tmp_path).topology_file.write_text(former)
    assert Platform.attach(tmp_path).layout.topology.name == "laptop"


async def test_up_says_which_service_is_new_and_where_to_find_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(changed("laptop", ('"insights", ', "")))
    with pytest.raises(ConfigurationError, match=r"no process there hosts insights.*--topology"):
        await Platform.up(file, tmp_path / "data")


def test_secrets_that_are_new_are_added_to_those_that_opened_the_data(tmp_path: Path) -> None:
    file = SecretsFile(tmp_path)
    whole = file.read_or_create(data_exist=False)
    former = msgspec.structs.replace(
        whole,
        role_passwords={k: v for k, v in whole.role_passwords.items() if k != "insights"},
        # With the keys of a provider that is gone.
        providers={"stripe": whole.providers["stripe"], "plainpay": whole.providers["paypal"]},
    )
    file.path.write_bytes(msgspec.json.encode(former))
    now = file.read_or_create(data_exist=True)
    assert now.role_passwords.keys() == whole.role_passwords.keys()
    assert now.providers.keys() >= whole.providers.keys()
    assert now.role_passwords.items() >= former.role_passwords.items()
    assert now.providers["stripe"].secret_key == whole.providers["stripe"].secret_key
    assert file.read().role_passwords == now.role_passwords
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_secrets_of_data_are_never_made_anew(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        SecretsFile(tmp_path).read_or_create(data_exist=True)
    assert not list(tmp_path.iterdir())
