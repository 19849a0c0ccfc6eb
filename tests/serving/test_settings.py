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
    ],
)
def test_a_wrong_variable_is_named(environment: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        ServiceSettings.from_environment(environment)


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
