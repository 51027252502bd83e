"""Dose views over synthetic studies on the local platform: seconds per view. Run: python tests/bench/bench_physics.py [STUDIES]

50,000 studies unless told otherwise; the number asked for holds for 1,000,000. Rows are made in DuckDB itself, in the shape of `ops.dose_*`,
`ops.receipts` (one per dose object) and `ops.acquisitions` (two slices per CT study); they are settled as the schedule does it, then 200
studies more come that are not. Each view is asked through Google's own client, as anybody would ask it: a view of statistics for all its rows,
or, where it has more than a few screens of them, for sums over all of its rows; and a view of studies for every row and column of one month of
a site. (All rows of a long view are no question of a person: Google's client alone takes 40 s of CPU for a million rows of seven columns.)
Beside the seconds stands the CPU time of client and emulator together, which a busy machine does not stretch as much.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import duckdb
from google.cloud import bigquery

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from dicomlake.lake import bigquery_client, schema  # noqa: E402
from dicomlake.lake.definitions import views  # noqa: E402
from dicomlake.pipeline.dose_settling import settle_dose  # noqa: E402
from dicomlake.settings import Settings  # noqa: E402
from localemu.bigquery import bigquery_app  # noqa: E402
from localemu.bigquery.objects import NoObjects  # noqa: E402
from tests.lake.serving import served  # noqa: E402

STUDIES = 50_000
LATE = 200
PROJECT = "local"
LIMIT_S = 2.0


def main() -> None:
    """Make the rows, ask every dose view, print a table."""
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else STUDIES
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        with served(bigquery_app(root, NoObjects())) as url:
            os.environ["BIGQUERY_EMULATOR_HOST"] = url
            client = bigquery_client(Settings(emulated=True), PROJECT)
            schema.apply(client, Settings(emulated=True))
            database = root / "bigquery.duckdb"
            fill(database, studies, 0, studies)
            started, used = time.perf_counter(), time.process_time()
            settled = settle_dose(SimpleNamespace(bigquery=client, settings=Settings(emulated=True)), most=10_000)  # type: ignore[arg-type]
            print(
                f"{settled:,} studies settled in {time.perf_counter() - started:.1f} s, {time.process_time() - used:.1f} s of CPU"
            )
            fill(database, studies, studies, studies + LATE)
            report(client, studies)


def fill(path: Path, studies: int, first: int, end: int) -> None:
    """Write studies `first` to `end` of twenty devices over six years, two events each, straight into the emulator's file."""
    with duckdb.connect(str(path)) as database:
        database.execute("SET threads = 2")
        for table, select in _TABLES.items():
            rows = select.format(studies=studies, first=first, end=end)
            database.execute(f'INSERT INTO "local:ops".{table} BY NAME {rows}')


_STUDY = """
    SELECT
        i,
        'clinic-a' AS site,
        'P' || hash(i % greatest({studies} // 3, 1)) AS patient_key,
        '2.25.' || hash(i) || hash(i + 1) AS study_key,
        ['CT', 'CT', 'CT', 'CT', 'DX', 'DX', 'DX', 'RF', 'MG', 'NM'][1 + CAST(hash(i) % 10 AS BIGINT)] AS modality,
        'D' || (hash(i) % 20) AS device_key,
        'MAKER' AS Manufacturer,
        'MODEL ' || (hash(i) % 20) AS ManufacturerModelName,
        ['v' || (1 + i * 3 // {studies})] AS SoftwareVersions,
        TIMESTAMP '2020-01-01 00:00:00' + to_minutes(CAST(i * 3150000 / {studies} AS BIGINT)) AS begun,
        1 + CAST(hash(i * 3) % 90 AS BIGINT) AS age,
        'rdsr' AS object_kind,
        1 AS source_rank,
        1600000000000000 + i AS generation,
        'C' || hash(i) AS content_key,
        'I' || hash(i) AS instance_key,
        'b1' AS batch,
        'E1' AS event_id,
        '1' AS pipeline_version,
        'r' AS rules_version,
        'k' AS key_version,
        exp(0.5 * sqrt(-2 * ln(1 - (hash(i * 5) % 1000000) / 1000001)) * cos(6.2832 * (hash(i * 7) % 1000) / 1000)) AS spread
    FROM range({first}, {end}) AS numbers(i)
"""
_STUDIES = f"""
    SELECT
        * EXCLUDE (i, begun, age, spread),
        'R' || hash(i) AS row_key,
        begun AS received_at,
        begun AS started_local,
        CAST(begun AS DATE) AS StudyDate,
        age AS patient_age_years,
        CAST(60 + age % 40 AS DOUBLE) AS PatientWeight,
        IF(hash(i) % 2 = 0, 'M', 'F') AS PatientSex,
        2 AS n_events,
        CASE WHEN modality = 'CT' THEN 500 * spread END AS total_dlp_mGycm,
        CASE WHEN modality IN ('DX', 'RF') THEN 0.0005 * spread END AS total_dap_Gym2,
        CASE WHEN modality = 'RF' THEN 0.3 * spread END AS total_rp_dose_Gy
    FROM ({_STUDY})
"""
_EVENTS = f"""
    SELECT
        * EXCLUDE (i, begun, age, spread, n),
        'R' || hash(i * 2 + n) AS row_key,
        'E' || hash(i * 2 + n) AS event_key,
        'uid' AS event_key_kind,
        begun AS received_at,
        begun + to_minutes(n) AS started_local,
        CAST(begun AS DATE) AS StudyDate,
        n AS event_index,
        ['Head', 'Thorax', 'Abdomen Pelvis', 'TAP', 'Sinus', 'C Spine'][1 + CAST(hash(i) % 6 AS BIGINT)] || ' ' || (hash(i * 11) % 20) AS protocol,
        ['69536005', '51185008', '113345001', '416775004', NULL, '45048000'][1 + CAST(hash(i) % 6 AS BIGINT)] AS target_region_code,
        n = 0 AND modality = 'CT' AS localiser,
        CASE WHEN modality = 'CT' THEN IF(n = 0, 0.1, 10 * spread) END AS ctdivol_mGy,
        CASE WHEN modality = 'CT' THEN IF(n = 0, 5, 495 * spread) END AS dlp_mGycm,
        CASE WHEN modality = 'CT' THEN 32 END AS phantom_cm,
        CASE WHEN modality = 'CT' THEN [120.0] END AS kvp,
        CASE WHEN modality = 'CT' THEN 250 + 100 * spread END AS dw_mm,
        CASE WHEN modality IN ('DX', 'RF') THEN 0.00025 * spread END AS dap_Gym2,
        CASE WHEN modality = 'MG' THEN 1.4 * spread END AS agd_mGy,
        CASE WHEN modality = 'NM' AND n = 0 THEN 300 * spread END AS administered_activity_MBq
    FROM ({_STUDY}), range(2) AS events(n)
"""
_RECEIPTS = f"""
    SELECT
        site, study_key, patient_key, instance_key, generation, content_key, batch, event_id, pipeline_version, rules_version, key_version,
        'R' || hash(i) AS row_key,
        'O' || hash(i) AS object_key,
        10000 AS bytes,
        'dicom_sr' AS kind,
        'modern' AS status,
        'released' AS outcome,
        'released' AS operations_outcome,
        'released' AS research_outcome,
        0 AS turn,
        begun AS received_at,
        begun AS decided_at
    FROM ({_STUDY})
"""
_ACQUISITIONS = f"""
    SELECT
        site, study_key, patient_key, device_key, Manufacturer, ManufacturerModelName,
        pipeline_version, rules_version, key_version, batch, event_id,
        1700000000000000 + 2 * i + n AS generation,
        'A' || hash(2 * i + n) AS content_key,
        'A' || hash(2 * i + n) AS instance_key,
        'Q' || hash(2 * i + n) AS row_key,
        begun AS received_at,
        begun AS acquired_local,
        CAST(begun AS DATE) AS StudyDate,
        'CT' AS Modality,
        ['ORIGINAL', 'PRIMARY'] AS ImageType
    FROM ({_STUDY}), range(2) AS slices(n)
    WHERE modality = 'CT'
"""
_TABLES = {
    "dose_studies": _STUDIES,
    "dose_events": _EVENTS,
    "receipts": _RECEIPTS,
    "acquisitions": _ACQUISITIONS,
}


def report(client: bigquery.Client, studies: int) -> None:
    """Ask each view; print seconds beside the limit."""
    print(
        f"{studies:,} studies, {2 * studies:,} events, {os.cpu_count()} processors; better of two, through the client\n"
    )
    print("| view | question | s | CPU s | rows |\n|---|---|---|---|---|")
    slow = []
    for view in views():
        if view.name.startswith(("physics.dose_", "physics.ct_survey")):
            for question, sql in questions(view.name):
                seconds, cpu, rows = timed(client, sql)
                slow += [view.name] if seconds > LIMIT_S else []
                print(f"| {view.name} | {question} | {seconds:.2f} | {cpu:.2f} | {rows:,} |", flush=True)
    print(f"\nover {LIMIT_S:g} s: {', '.join(sorted(set(slow))) or 'none'}")


_SUMS = {
    "dose_workload": "SUM(studies) AS a, MAX(hour) AS b",
    "dose_by_device": "SUM(studies) AS a, MAX(median) AS b",
    "dose_over_time": "SUM(studies) AS a, MAX(median) AS b",
    "dose_unsettled": "MAX(settling) AS a",
    "dose_events": "SUM(dlp_mGycm) AS a, SUM(dap_Gym2) AS b",
    "dose_studies": "SUM(total_dlp_mGycm) AS a, MAX(StudyDate) AS b",
    "dose_ct_events": "SUM(ssde_mGy) AS a, SUM(effective_icrp103_mSv) AS b, SUM(effective_icrp60_mSv) AS c",
    "dose_exams": "SUM(total_dlp_mGycm) AS a, MAX(protocol) AS b, MAX(exam) AS c, MAX(weight_group_kg) AS d",
    "dose_values": "SUM(value) AS a, MAX(protocol) AS b",
    "dose_effective": "SUM(effective_mSv) AS a",
    "dose_patients": "SUM(effective_5_years_mSv) AS a, SUM(dlp_life_mGycm) AS b",
    "dose_missing": "MAX(found) AS a",
    "dose_provenance": "MAX(object_kind) AS a, COUNTIF(shown) AS b",
    "dose_rejected": "MAX(why) AS a",
    "dose_alerts": "MAX(alert) AS a, SUM(value) AS b",
    "ct_survey": "SUM(dlp_mGycm) AS a, SUM(ssde_mGy) AS b, MAX(exam) AS c",
}
_DATED = ("dose_studies", "dose_ct_events", "dose_exams", "dose_missing", "dose_alerts")
_MONTH = (
    "WHERE site = 'clinic-a' AND StudyDate >= '2023-03-01' AND StudyDate < '2023-04-01' ORDER BY study_key LIMIT 1000"
)


def questions(view: str) -> list[tuple[str, str]]:
    """What is asked of a view: all of it when it adds up, else sums over all of its rows; and a month's rows where it has days."""
    name = view.partition(".")[2]
    sums = _SUMS.get(name)
    asked = [("sums", f"SELECT COUNT(*) AS n, {sums} FROM `{view}`")] if sums else [("all", f"SELECT * FROM `{view}`")]
    return [*asked, ("a month", f"SELECT * FROM `{view}` {_MONTH}")] if name in _DATED else asked


def timed(client: bigquery.Client, sql: str) -> tuple[float, float, int]:
    """Better wall time of two, the least CPU time of this process (emulator and client) and the rows of the answer."""
    best, least, count = float("inf"), float("inf"), 0
    for _ in range(2):
        started, used = time.perf_counter(), time.process_time()
        count = sum(1 for _ in client.query_and_wait(sql))
        best, least = min(best, time.perf_counter() - started), min(least, time.process_time() - used)
    return best, least, count


if __name__ == "__main__":
    main()
