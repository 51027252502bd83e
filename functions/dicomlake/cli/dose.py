"""The verb `dose` on local files. It needs no running platform."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from dicomlake import settings as environment
from dicomlake.cli.output import emit_json, json_option, plain_errors, progress, table
from dicomlake.pipeline import dose_files
from dicomlake.pipeline.services import processors
from dicomlake.pixels import PixelWorker
from dicomlake.rules import load_dose_rules, load_pixel_rules
from dicomlake.rules.dosimetry import load_size_specific


@click.command()
@click.argument("source", metavar="SRC", type=click.Path(path_type=Path))
@click.argument("destination", metavar="OUT_DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--ocr/--no-ocr",
    default=True,
    show_default=True,
    help="Look at pixels: read dose screens, measure patients in CT slices.",
)
@json_option
@plain_errors
def dose(source: Path, destination: Path, ocr: bool, as_json: bool) -> None:
    """Read the radiation dose of the file or folder SRC into one JSON file per DICOM object.

    Reports, image headers, exposure sequences and dose screens; what is unknown is left out. True UIDs and dates: keep it on the identified side.
    """
    settings = environment.load()
    root = Path(settings.rules_dir) if settings.rules_dir else None
    worker = PixelWorker(load_pixel_rules(root), processors()) if ocr else None
    reader = dose_files.DoseReader(load_dose_rules(root), load_size_specific(root), worker)
    files = dose_files.inputs(source, destination)
    lines = []
    with progress(len(files), "file", "reading dose") as bar:
        for line in dose_files.run(files, destination, reader, settings.max_bytes):
            lines.append(line)
            bar.update()
    if as_json:
        emit_json([asdict(line) for line in lines])
        return
    counts = Counter((line.kind or "", line.code or "") for line in lines)
    table(["read as", "not read", "files"], [(*key, number) for key, number in sorted(counts.items())])
    click.echo(f"{len(lines)} files, {sum(line.events for line in lines)} irradiation events")
