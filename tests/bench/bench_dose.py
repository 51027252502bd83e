"""`make bench`: reading dose. Milliseconds per report (CPU, median), beside pydicom reading and walking the same bytes, taken in turn.

1. Reports built in the manner of seven makers, and the shared dose objects where they are at hand.
2. One report of 316 events and 3.3 MB.
3. Dose screens: totals and values that are right, absent and wrong; seconds per picture, nearly all of it spent on reading its text.
"""

import io
import statistics
import time
from collections import Counter
from collections.abc import Callable

import pydicom
from pydicom.dataset import Dataset

from dicomlake.dicom import parse_raw
from dicomlake.dose import Dose, read_dose
from dicomlake.pipeline.ocr import screen_reader
from dicomlake.pixels import PixelWorker
from dicomlake.rules import DoseRules, load_dose_rules, load_pixel_rules
from tests.dose.builders import (
    STYLES,
    accumulated,
    ct_event,
    ct_report,
    dcm,
    projection_report,
    text,
    to_bytes,
    x_ray_event,
)
from tests.dose.layouts import PHANTOM, drawn
from tests.dose.screens import FONTS
from tests.dose.test_samples import FILES

ROUNDS, EVENTS, COMMENT_BYTES, SCREENS = 7, 316, 8_700, 40


def _cpu_ms(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def _walk(data: bytes) -> int:
    """What any reader built on pydicom has to do: convert each element of each item."""
    return sum(1 for _ in pydicom.dcmread(io.BytesIO(data)).iterall())


def large_report() -> bytes:
    """316 events with the private comment some makers write into each."""
    style = STYLES[0]
    events = [x_ray_event(style, f"1.2.826.0.1.3680043.10.999.5.{n}", 2.5e-6, 0.0004) for n in range(EVENTS)]
    for event in events:
        event.ContentSequence.append(text(dcm("121106", "Comment"), "<Fluoro/>" * (COMMENT_BYTES // 9)))
    return to_bytes(projection_report(style, accumulated(style, EVENTS * 2.5e-6, EVENTS * 0.0004), *events))


def _reports() -> dict[str, bytes]:
    reports: dict[str, Dataset] = {}
    for style in STYLES:
        events = [ct_event(style, f"1.2.826.0.1.3680043.10.999.6.{n}", "7.31", "226.5") for n in range(6)]
        reports[f"CT {style.manufacturer}"] = ct_report(style, events, "1359")
        runs = [x_ray_event(style, f"1.2.826.0.1.3680043.10.999.7.{n}", 2.5e-6, 0.0004) for n in range(8)]
        reports[f"RF {style.manufacturer}"] = projection_report(style, accumulated(style, 2e-5, 0.0032), *runs)
    return {name: to_bytes(ds) for name, ds in reports.items()}


def _screens(rules: DoseRules) -> None:
    """Screens of five kinds of layout in eight forms of storage: what of them is read, and in how many seconds each."""
    worker = PixelWorker(load_pixel_rules())
    reader = screen_reader(worker)
    told: dict[str, Counter[str]] = {}
    start = time.perf_counter()
    for seed in range(SCREENS):
        screen = drawn(seed)
        dose = read_dose(parse_raw(screen.data), rules, reader)
        counts = told.setdefault(screen.layout, Counter())
        counts.update(_compared("total", dose.study.get("total_dlp_mGycm"), screen.total))
        for number, scan in enumerate(screen.stated):
            fields = dose.events[number].fields if number < len(dose.events) else {}
            counts.update(_compared("value", fields.get("ctdivol_mGy"), scan.ctdivol))
            counts.update(_compared("value", fields.get("dlp_mGycm"), scan.dlp))
            if screen.phantoms:
                counts.update(_compared("value", fields.get("phantom"), PHANTOM[scan.head]))
    worker.close()
    names = [f"{what} {how}" for what in ("total", "value") for how in ("right", "absent", "wrong")]
    print(f"{'screens, ' + str(SCREENS):14}" + "".join(f"{name:>14}" for name in names))
    for layout, counts in told.items():
        print(f"{layout:14}" + "".join(f"{counts[name]:14}" for name in names))
    print(f"{(time.perf_counter() - start) / SCREENS:.1f} s for a screen")


def _compared(what: str, found: object, stated: object) -> list[str]:
    return [f"{what} {'right' if found == stated else 'absent' if found is None else 'wrong'}"]


def main() -> None:
    """Print the table."""
    rules = load_dose_rules()

    def read(data: bytes) -> Dose:
        return read_dose(parse_raw(data), rules)

    groups = {"built, 14 reports of 7 makers": list(_reports().values())}
    if FILES:
        groups["shared, 21 dose objects"] = [file.read_bytes() for file in FILES]
    large = large_report()
    groups[f"{EVENTS} events, {len(large) / 1e6:.1f} MB"] = [large]
    print(f"{'reports':34} {'dicomlake, ms':>14} {'pydicom, ms':>12} {'ratio':>6}")
    for name, files in groups.items():
        ours: list[float] = []
        peers: list[float] = []
        read(files[0])
        for _ in range(ROUNDS):
            for data in files:
                ours.append(_cpu_ms(lambda data=data: read(data)))  # type: ignore[misc]
                peers.append(_cpu_ms(lambda data=data: _walk(data)))  # type: ignore[misc]
        mine, theirs = statistics.median(ours), statistics.median(peers)
        print(f"{name:34} {mine:14.2f} {theirs:12.2f} {theirs / mine:6.1f}")
    if FONTS:
        _screens(rules)


if __name__ == "__main__":
    main()
