"""The service's settings come from the environment, and a wrong one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from segment_model.errors import SettingsError
from serving.settings import ServiceSettings


def test_the_default_is_the_champion_of_the_local_registry() -> None:
    settings = ServiceSettings.from_environment({"PATH": "/bin", "SEGMENTS_DATA": "elsewhere", "SEGMENTS_VERSION": ""})
    assert settings == ServiceSettings()
    assert (settings.tracking_uri, settings.model_name, settings.pointer) == (
        "sqlite:///mlflow.db",
        "customer-segments",
        "champion",
    )


def test_a_pinned_version_or_another_alias_is_served() -> None:
    assert ServiceSettings.from_environment({"SEGMENTS_VERSION": "12"}).pointer == "12"
    assert ServiceSettings.from_environment({"SEGMENTS_ALIAS": "challenger"}).pointer == "challenger"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"SEGMENTS_VERSION": "latest"}, "SEGMENTS_VERSION=latest"),
        ({"SEGMENTS_MAX_CUSTOMERS": "many"}, "SEGMENTS_MAX_CUSTOMERS=many"),
        ({"SEGMENTS_MAX_BODY_BYTES": "0"}, "SEGMENTS_MAX_BODY_BYTES=0"),
        ({"SEGMENTS_ALIAS": "champion", "SEGMENTS_VERSION": "3"}, "both SEGMENTS_ALIAS and SEGMENTS_VERSION"),
        ({"SEGMENTS_ALIAS": "3"}, "SEGMENTS_ALIAS=3: must be the name .* a version, which SEGMENTS_VERSION pins"),
        (
            {"SEGMENTS_SHADOW_ALIAS": "4"},
            "SEGMENTS_SHADOW_ALIAS=4: must be .* an alias, which `segments promote",
        ),
        ({"SEGMENTS_REQUEST_SECONDS": "inf"}, "SEGMENTS_REQUEST_SECONDS=inf: must be a number above 0 and of at most"),
        ({"SEGMENTS_POLL_SECONDS": "1e300"}, "SEGMENTS_POLL_SECONDS=1e300: must be a number"),
        ({"SEGMENTS_REQUESTS_PER_SECOND": "nan"}, "SEGMENTS_REQUESTS_PER_SECOND=nan: must be a number"),
        ({"SEGMENTS_API_KEY_FILE": "keys.json"}, "SEGMENTS_API_KEY_FILE is no .* Did you mean SEGMENTS_API_KEYS_FILE"),
        ({"SEGMENTS_MAX_CUSTOMER": "5"}, "Did you mean SEGMENTS_MAX_CUSTOMERS"),
    ],
)
def test_a_wrong_variable_is_named(environment: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        ServiceSettings.from_environment(environment)


def test_variables_of_other_programs_count_as_none() -> None:
    of_kubernetes = {"SEGMENTS_MODEL_PORT": "tcp://10.0.0.1:80", "SEGMENTS_WORKERS_PORT": "tcp://10.0.0.2:80"}
    assert ServiceSettings.from_environment(of_kubernetes) == ServiceSettings()


def test_paths_may_begin_in_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/maria")
    assert ServiceSettings.from_environment({"SEGMENTS_CACHE_DIR": "~/copies"}).cache_dir == Path("/home/maria/copies")


@pytest.mark.parametrize(("which", "pinned"), [("3", "3"), ("challenger", None)])
def test_a_number_pins_a_version_and_a_word_follows_an_alias(which: str, pinned: str | None) -> None:
    settings = ServiceSettings.of_pointer("sqlite:///m.db", "shop", which)
    assert (settings.version, settings.pointer, settings.model_name) == (pinned, which, "shop")


@pytest.mark.parametrize("which", ["", "0", "007", "\u00b2"])
def test_what_is_neither_is_one_line(which: str) -> None:
    with pytest.raises(SettingsError, match="is neither an alias, such as champion, nor a version, such as 3"):
        ServiceSettings.of_pointer("sqlite:///m.db", "shop", which)


def test_settings_are_equal_after_the_environment_of_another_process(tmp_path: Path) -> None:
    anchored = ServiceSettings(model_path=Path("saved/model"), version="3", body_seconds=2.5).anchored(tmp_path)
    assert anchored.model_path == tmp_path / "saved/model"
    assert anchored.tracking_uri == f"sqlite:///{tmp_path}/mlflow.db"
    assert ServiceSettings.from_environment(anchored.to_environment()) == anchored


def test_an_absolute_path_and_a_server_stay_as_they_are(tmp_path: Path) -> None:
    anchored = ServiceSettings(tracking_uri="http://registry:5000").anchored(tmp_path)
    assert anchored.tracking_uri == "http://registry:5000"
    absolute = ServiceSettings(tracking_uri="sqlite:////srv/mlflow.db").anchored(tmp_path)
    assert absolute.tracking_uri == "sqlite:////srv/mlflow.db"
