"""FirmwareBackend on libraries, by names that ``--backend`` takes; where these are is for the environment to say."""

from __future__ import annotations

from ember_infer_firmware import FirmwareBackend

__all__ = ["OnCmsisNn", "OnEspNn"]


class OnEspNn(FirmwareBackend):
    """Calls ESP-NN."""

    def __init__(self) -> None:
        super().__init__("esp-nn")


class OnCmsisNn(FirmwareBackend):
    """Calls CMSIS-NN, whose plain C runs anywhere."""

    def __init__(self) -> None:
        super().__init__("cmsis-nn")
