"""Models as C99 for microcontrollers, and a backend that runs that C on this machine."""

from __future__ import annotations

from ember_infer_firmware.backend import FirmwareBackend
from ember_infer_firmware.export import Exported, export

__all__ = ["Exported", "FirmwareBackend", "export"]
