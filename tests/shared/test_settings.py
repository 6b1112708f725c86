"""The environment is checked at start, and a fault is named."""

import pytest

from services.promotion.settings import PromotionSettings
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
