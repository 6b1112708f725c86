"""The environment is checked at start, and a fault is named."""

from pathlib import Path

import pytest

from services.distribution.settings import DistributionSettings
from services.promotion.settings import PromotionSettings
from shared.process.postgres_url import PostgresUrl
from shared.process.settings import ServiceSettings, SettingsError, load_settings

URL = {"RINGRIFT_DATABASE_URL": "postgresql+asyncpg://u:p@127.0.0.1/db"}


def test_g14_an_unknown_variable_stops_the_service() -> None:
    """A misspelt variable is refused, with the name that was meant."""
    with pytest.raises(SettingsError, match="did you mean RINGRIFT_GAUNTLET_GAMES"):
        load_settings(ServiceSettings, {**URL, "RINGRIFT_GAUNTLET_GAME": "5"})


def test_g14_every_fault_is_listed() -> None:
    """A wrong value and a missing one are told together."""
    with pytest.raises(SettingsError, match="RINGRIFT_DATABASE_URL.*\n.*RINGRIFT_FEED_SECONDS"):
        load_settings(ServiceSettings, {"RINGRIFT_FEED_SECONDS": "often"})


def test_without_keys_a_service_stays_on_loopback() -> None:
    """Listening anywhere else needs API keys."""
    with pytest.raises(SettingsError, match="RINGRIFT_API_KEYS must be set"):
        load_settings(ServiceSettings, {**URL, "RINGRIFT_HOST": "0.0.0.0"})


def test_the_runbooks_thresholds_are_read() -> None:
    """The runbook's variables make the gate policy."""
    environment = {**URL, "RINGRIFT_PROMOTION_RANDOM_WIN_RATE": "0.9", "RINGRIFT_GAUNTLET_GAMES": "20"}
    gates = load_settings(PromotionSettings, environment).policy()
    assert (gates.random_win_rate, gates.heuristic_win_rate, gates.games) == (0.9, 0.6, 20)


def test_a_password_is_never_printed() -> None:
    """Settings may be logged; secrets in them may not."""
    assert "u:p" not in repr(load_settings(ServiceSettings, URL))


def settings_of(environment: dict[str, str]) -> ServiceSettings:
    """The settings of a service."""
    return load_settings(ServiceSettings, environment)


def test_f41_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    """`_FILE` names a file; a newline at its end, as editors write it, is none of the secret."""
    (tmp_path / "url").write_text("postgresql://u:p@127.0.0.1/db\n")
    (tmp_path / "key").write_text("  key\n")
    files = {f"RINGRIFT_{name.upper()}_FILE": str(tmp_path / name) for name in ("url", "key")}
    settings = settings_of({
        "RINGRIFT_DATABASE_URL_FILE": files["RINGRIFT_URL_FILE"], "RINGRIFT_API_KEY_FILE": files["RINGRIFT_KEY_FILE"],
    })  # fmt: skip
    assert (settings.database_url, settings.api_key) == ("postgresql://u:p@127.0.0.1/db", "key")


def test_f41_the_environment_of_the_process_is_read_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not handed over is read from the process."""
    (tmp_path / "url").write_text(URL["RINGRIFT_DATABASE_URL"])
    monkeypatch.setenv("RINGRIFT_DATABASE_URL_FILE", str(tmp_path / "url"))
    assert load_settings(ServiceSettings).database_url == URL["RINGRIFT_DATABASE_URL"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"", "is empty"),
        (b"\xff\xfe", "cannot be read: it is not text"),
        (b"x" * 70_000, "is too long"),
    ],
    ids=["missing", "empty", "binary", "long"],
)
def test_f41_a_file_that_cannot_be_used_is_told(tmp_path: Path, content: bytes | None, said: str) -> None:
    """The variable, the path and the reason; once, and not as a missing setting."""
    if content is not None:
        (tmp_path / "url").write_bytes(content)
    with pytest.raises(SettingsError, match=f"RINGRIFT_DATABASE_URL_FILE: {tmp_path}/url {said}") as refused:
        settings_of({"RINGRIFT_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert "required" not in str(refused.value)


def test_f41_a_secret_and_its_file_are_too_much(tmp_path: Path) -> None:
    """Nobody guesses which of the two was meant; the value is not printed."""
    with pytest.raises(SettingsError, match="RINGRIFT_API_KEY and RINGRIFT_API_KEY_FILE are both given") as refused:
        settings_of({**URL, "RINGRIFT_API_KEY": "plain-key", "RINGRIFT_API_KEY_FILE": str(tmp_path / "key")})
    assert "plain-key" not in str(refused.value)


def test_f41_what_is_no_secret_has_no_file() -> None:
    """`_FILE` beside another setting is a misspelling."""
    with pytest.raises(SettingsError, match="RINGRIFT_FEED_SECONDS_FILE is not a setting"):
        settings_of({**URL, "RINGRIFT_FEED_SECONDS_FILE": "/etc/feed"})


@pytest.mark.parametrize("password", ["p@ss/w0rd", "12345678", "true", "2026-01-01", "a b", '100%"\\', "#?&=:[", "ÿ"])
def test_f41_a_password_apart_from_its_address_may_be_any(password: str, tmp_path: Path) -> None:
    """As it stands in its file, for the role that the address names; both together are refused without showing either."""
    (tmp_path / "word").write_text(f"{password}\n")
    apart = {"RINGRIFT_DATABASE_PASSWORD_FILE": str(tmp_path / "word")}
    settings = settings_of({"RINGRIFT_DATABASE_URL": "postgresql://u@db:5433/ledger?sslmode=require", **apart})
    read = PostgresUrl.read(settings.database_address)
    assert (read.user, read.password, read.hosts[0], read.database) == ("u", password, ("db", 5433), "ledger")
    with pytest.raises(SettingsError, match="RINGRIFT_DATABASE_URL: .* give one of them") as refused:
        settings_of({"RINGRIFT_DATABASE_URL": "postgresql://u:other@db/ledger", **apart})
    assert "other" not in str(refused.value)


def test_a_variable_that_is_empty_is_not_given_whoever_reads_it() -> None:
    """As compose.yaml leaves what is not set; one settings class takes none of another's checks away."""
    empty = {f"RINGRIFT_{name}": "" for name in ("ARTIFACTS_URL", "ARTIFACTS_ENDPOINT", "HTTP_CA", "NATS_TOKEN")}
    settings = load_settings(DistributionSettings, URL | empty)
    assert {settings.artifacts_url, settings.artifacts_endpoint, settings.http_ca, settings.nats_token} == {None}
