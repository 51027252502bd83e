"""A CT slice and its dose in, the patient's size measured in its pixels added. Called by `settle.py` and `dose_files.py`.

Pixels are the pixels room's, dose is the dose room's: what one needs of the other passes through here.
"""

from dicomlake.dicom import RawInstance
from dicomlake.dose import Dose, add_size, slices_to_measure
from dicomlake.errors import PermanentError
from dicomlake.pixels import PixelWorker
from dicomlake.rules.dosimetry import SizeRules


def measure(worker: PixelWorker, raw: RawInstance, dose: Dose, rules: SizeRules) -> None:
    """Measure the slices that tell the size; a picture that cannot be decoded tells none."""
    places = slices_to_measure(raw, dose)
    if not places:
        return
    try:
        values = worker.values(raw, [place.frame for place in places])
    except PermanentError:
        return
    if values:
        add_size(dose, places, values, rules)
