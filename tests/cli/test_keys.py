"""`ringrift keys` and compose.yaml: the secrets belong together, and each process has those of its own edges."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner, Result

from cli.commands.keys import ACCEPTED, NODES, PEOPLE
from cli.main import app
from services.distribution.agent.settings import AgentSettings
from services.distribution.agent.signature import OrderSigner, OrderVerifier
from services.distribution.settings import DistributionSettings
from services.gauntlet.settings import GauntletSettings
from services.promotion.settings import PromotionSettings
from shared.process.credentials import RIGHTS, AcceptedKeys, Caller, Scope
from shared.process.settings import BaseServiceSettings, SettingsError, load_settings
from tests.house.tree import ROOT
from tests.kit.compose import MOUNTED, SECRETS, SERVICES, environments, read_env_file, read_secrets, secrets_used

MODELS: Mapping[str, type[BaseServiceSettings]] = {
    "promotion": PromotionSettings, "gauntlet": GauntletSettings, "distribution": DistributionSettings,
    **dict.fromkeys(NODES, AgentSettings),
}  # fmt: skip
BUS = ("nats", "nats-2", "nats-3")
HOLDERS = {
    "POSTGRES_PASSWORD": {"postgres"},
    **{
        f"{role.upper()}_DATABASE_PASSWORD": {"postgres", role}
        for role in ("migrate", "promotion", "gauntlet", "distribution")
    },
    "NATS_TRAINER_PASSWORD": {*BUS},
    **{f"NATS_{name.upper()}_PASSWORD": {*BUS, name} for name in ("promotion", "gauntlet", "distribution")},
    "ORDER_KEY": {"distribution"},
    "ORDER_PUBLIC_KEY": {*NODES},
    "NATS_CLUSTER_PASSWORD": {*BUS},
    "GRAFANA_PASSWORD": {"grafana"},
    "S3_CONFIG": {"s3"},
    **{key: {"s3", "promotion", "gauntlet", "distribution"} for key in ("S3_ACCESS_KEY", "S3_SECRET_KEY")},
}


def ringrift(*words: str) -> Result:
    """Run `ringrift keys`."""
    return CliRunner().invoke(app, ["keys", *words])


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, str]:
    """The secrets that the command makes."""
    done = ringrift("compose", "--output", str(tmp_path / "env"))
    assert done.exit_code == 0, done.output
    made = read_secrets(tmp_path / "env")
    return {name: value for name, value in made.items() if name not in ("TORCH_INDEX", "SECRETS")}


@pytest.fixture
def given(secrets: dict[str, str]) -> dict[str, dict[str, str]]:
    """What each process of compose.yaml is given."""
    return environments(secrets)


@pytest.mark.parametrize("scope", get_args(Scope))
def test_f58_a_new_key_is_accepted_with_its_scope(scope: Scope) -> None:
    """By a process with the entry that is printed beside it, and no other key is."""
    made = json.loads(ringrift("new", "somebody", "--scope", scope, "--json").stdout)
    settings = load_settings(AgentSettings, {"RINGRIFT_AGENT_NODE": "n", "RINGRIFT_API_KEYS": made["entry"]} | PUBLIC)
    keys = AcceptedKeys(settings.api_keys)
    assert keys.caller(f"Bearer {made['key']}") == Caller("somebody", RIGHTS[scope])
    assert keys.caller(f"Bearer {made['key']}x") is None
    assert made["key"] not in made["entry"]
    assert made["key"] != json.loads(ringrift("new", "somebody", "--json").stdout)["key"]


@pytest.mark.parametrize("name", ["", "a:b", "a,b", "a b", "a\nb"])
def test_f58_a_name_that_would_break_the_list_is_refused(name: str) -> None:
    """Entries are divided by commas, and their parts by colons."""
    done = ringrift("new", name)
    assert (done.exit_code, "neither colon nor comma" in done.output) == (2, True)


PUBLIC = {"RINGRIFT_ORDER_PUBLIC_KEY": json.loads(ringrift("order", "--json").stdout)["order_public_key"]}


def test_f58_a_new_pair_belongs_together() -> None:
    """What is signed with one half is proved with the other, and with no other pair's."""
    made = json.loads(ringrift("order", "--json").stdout)
    assert is_pair(made["order_key"], made["order_public_key"])
    assert not is_pair(made["order_key"], PUBLIC["RINGRIFT_ORDER_PUBLIC_KEY"])


def is_pair(private: str, *public: str) -> bool:
    """Whether an agent with these public keys takes what is signed with the private one."""
    signature = OrderSigner(private).headers("PUT", "/v1/models/hex8_2p", "n", b"{}")["RingRift-Signature"]
    return OrderVerifier(public, "n").proves(signature, "PUT", "/v1/models/hex8_2p", b"{}")


def test_f58_the_secrets_are_their_owners_alone_and_overwrite_nothing(tmp_path: Path) -> None:
    """The file 0600 and the folder 0700 whatever the umask, each secret a file in it; what is there already stays as it is."""
    path, mask = tmp_path / "env", os.umask(0)
    try:
        done = ringrift("compose", "--output", str(path))
    finally:
        os.umask(mask)
    folder = tmp_path / "secrets"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, folder)] == [0o600, 0o700]
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o644}
    assert not [value for value in read_secrets(path).values() if len(value) > 20 and value in done.output]
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    before = read_secrets(path)
    for there in (path, tmp_path / "link", tmp_path / "no-folder" / "env", tmp_path / "other"):
        done = ringrift("compose", "--output", str(there))
        assert (done.exit_code, "cannot be made" in done.output) == (1, True)
    assert read_secrets(path) == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["env", "link", "secrets"]


def test_f43_there_are_no_secrets_that_everybody_knows(tmp_path: Path) -> None:
    """No file of the repository has one, and without the files nothing starts: each secret of compose.yaml is such a file."""
    assert read_env_file(ROOT / ".env.example")["ORDER_PUBLIC_KEY"] == ""
    assert {each["file"] for each in SECRETS.values()} == {f"${{SECRETS:-./secrets}}/{name}" for name in SECRETS}
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            shown = str(value).removeprefix(MOUNTED) in service.get("secrets", [])
            assert (
                shown or not name.endswith(("PASSWORD", "KEY", "KEYS", "_FILE")) or name == "RINGRIFT_ORDER_PUBLIC_KEY"
            ), name


def test_f58_every_secret_is_another_one(secrets: dict[str, str]) -> None:
    """No two edges have the same key, and a second file has none of the first."""
    assert len(set(secrets.values())) == len(secrets)


def test_f58_compose_uses_every_secret_and_no_other(secrets: dict[str, str]) -> None:
    """What is made and what compose.yaml asks for are the same, but for the keys of people."""
    assert {name for name in secrets if not name.startswith(PEOPLE)} == secrets_used()
    assert {name for name in secrets if name.startswith(PEOPLE)} == {
        f"{caller.upper()}_{service.upper()}_KEY"
        for service, callers in ACCEPTED.items() for caller in callers if f"{caller.upper()}_" in PEOPLE
    }  # fmt: skip


def test_f58_each_key_is_accepted_by_its_receiver_alone(
    secrets: dict[str, str], given: dict[str, dict[str, str]]
) -> None:
    """As its holder's and with the least scope; no other process has an entry for it."""
    accepted = {name: AcceptedKeys(load_settings(MODELS[name], given[name]).api_keys) for name in MODELS}
    for receiver, callers in ACCEPTED.items():
        for caller, scope in callers.items():
            key = secrets[f"{caller.upper().replace('-', '_')}_{receiver.upper()}_KEY"]
            found = {name: keys.caller(f"Bearer {key}") for name, keys in accepted.items()}
            assert {name: each for name, each in found.items() if each} == {receiver: Caller(caller, RIGHTS[scope])}


def test_f58_every_process_presents_its_own_keys(secrets: dict[str, str], given: dict[str, dict[str, str]]) -> None:
    """To each service that accepts one of it, the key that is for that edge, and none to the others."""
    for name, model in MODELS.items():
        settings = load_settings(model, given[name])
        for service in settings.CALLS:
            expected = secrets.get(f"{name.upper().replace('-', '_')}_{service.upper()}_KEY")
            assert settings.key_of(service) == expected
            assert (expected is not None) == (name in ACCEPTED[service])


def test_f58_no_process_holds_a_credential_of_another_edge(
    secrets: dict[str, str], given: dict[str, dict[str, str]]
) -> None:
    """A secret is given to its two ends, and to nobody else."""
    for secret, value in secrets.items():
        holders = {name for name, environment in given.items() if any(value in each for each in environment.values())}
        own = {name for name in given if secret.startswith(f"{name.upper().replace('-', '_')}_")}
        assert holders == HOLDERS.get(secret, own), secret


def test_f58_the_nodes_take_orders_of_the_distribution_service(given: dict[str, dict[str, str]]) -> None:
    """Its private key and their public one are a pair."""
    for node in NODES:
        public = load_settings(AgentSettings, given[node]).order_public_key
        assert is_pair(given["distribution"]["RINGRIFT_ORDER_KEY"], *public)


def test_f58_no_process_of_compose_starts_without_its_secrets(given: dict[str, dict[str, str]]) -> None:
    """Each listens for others than its own machine, so one whose secrets are left empty says which it lacks."""
    for name, model in MODELS.items():
        needed = "RINGRIFT_ORDER_PUBLIC_KEY" if name in NODES else "RINGRIFT_API_KEYS"
        with pytest.raises(SettingsError, match=f"so {needed} must be set"):
            load_settings(model, {**given[name], needed: ""})
