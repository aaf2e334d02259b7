"""What is done to the line. Each returns once the harm is done; the soak then waits for the full rate."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from benchmarks.soak_parts.rig import RATES, Rig, SoakError, ends_of
from tests.e2e.pusher import damaged_messages, picture_message
from tests.troubled_bundle import breaking_picture, dawdling_picture

_MOST_PUSHES = 10


@dataclass(frozen=True, slots=True)
class Fault:
    """name: as the account shows it."""

    name: str
    inflict: Callable[[Rig], None]


def _kill_camera(rig: Rig) -> None:
    victim = rig.camera_processes()[0]
    victim.kill()
    _until_replaced(rig, victim)


def _hang_camera(rig: Rig) -> None:
    victim = rig.camera_processes()[0]
    victim.suspend()
    _until_replaced(rig, victim)


def _until_replaced(rig: Rig, victim: psutil.Process) -> None:
    rig.until(lambda: victim not in rig.camera_processes(), "a camera process ends")
    rig.until(lambda: len(rig.camera_processes()) == len(RATES), "a camera process is started again")


def _break_engine(rig: Rig) -> None:
    _until_undecided(rig, picture_message(breaking_picture()))


def _slow_engine(rig: Rig) -> None:
    _until_undecided(rig, picture_message(dawdling_picture()))


def _until_undecided(rig: Rig, message: list[bytes]) -> None:
    """Push it, again where the model was just in time for once, or where a full line dropped the picture."""
    before = rig.reports["scanner"].undecided
    for _ in range(_MOST_PUSHES):
        rig.pusher.push(message)
        rig.listen(3.0)
        if rig.reports["scanner"].undecided > before:
            return
    raise SoakError(f"none of {_MOST_PUSHES} harmful pictures was UNDECIDED; see {rig.service_log}")


def _push_rubbish(rig: Rig) -> None:
    for message in damaged_messages():
        rig.pusher.push(message)
    rig.listen(2.0)


def _stop_reader(rig: Rig) -> None:
    rig.readers[0].send_signal(signal.SIGSTOP)
    rig.listen(8.0)
    rig.readers[0].send_signal(signal.SIGCONT)


def _kill_reader(rig: Rig) -> None:
    rig.readers[1].kill()
    rig.readers[1].communicate()
    rig.listen(4.0)
    rig.restart_reader(1)
    had = ends_of(rig)[1]
    rig.until(lambda: ends_of(rig)[1] > had, "a killed reader reads again")


def _kill_service(rig: Rig) -> None:
    rig.service.kill()
    rig.service.wait()
    time.sleep(1.0)
    rig.restart_service()


KILL_SERVICE = Fault("service killed (kill -9)", _kill_service)
FAULTS = (
    Fault("camera process killed", _kill_camera),
    Fault("camera hung (SIGSTOP)", _hang_camera),
    Fault("engine raised", _break_engine),
    Fault("model slower than the deadline", _slow_engine),
    Fault("damaged pictures", _push_rubbish),
    Fault("reader stood still (SIGSTOP)", _stop_reader),
    Fault("reader killed and back", _kill_reader),
    KILL_SERVICE,
)
