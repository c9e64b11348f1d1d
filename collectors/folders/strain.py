"""Whether a long sweep had better wait: the laptop runs on its battery, or is busy already."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Strain(StrEnum):
    """Why a sweep waits."""

    NONE = "none"
    BATTERY = "battery"
    LOAD = "load"


def on_battery() -> bool:
    """Whether the laptop runs on its battery. One without is never that."""
    # Loaded when first asked: a short sweep never asks.
    import psutil

    battery = psutil.sensors_battery()
    return battery is not None and battery.power_plugged is False


def load_percent() -> float:
    """The load average of the last minute, in percent of the processors there are."""
    return 100 * os.getloadavg()[0] / (os.cpu_count() or 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """What a sweep gives way to: the battery, and a load from ``load`` percent on (0: never)."""

    battery: bool
    load: int
    on_battery: Callable[[], bool] = on_battery
    load_percent: Callable[[], float] = load_percent

    def strain(self) -> Strain:
        """What a sweep has to give way to now."""
        if self.battery and self.on_battery():
            return Strain.BATTERY
        return Strain.LOAD if 0 < self.load <= self.load_percent() else Strain.NONE
