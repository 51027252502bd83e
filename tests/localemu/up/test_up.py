import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .running import CONFIG, command, free_base, platform, prepare


def _gone(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def _wait_gone(pids: list[int]) -> bool:
    end = time.monotonic() + 3
    while time.monotonic() < end and not all(_gone(pid) for pid in pids):
        time.sleep(0.01)
    return all(_gone(pid) for pid in pids)


def _refusal(folder: Path, base: int) -> str:
    done = subprocess.run(command(folder, base), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("localemu: ")
    return done.stderr


def test_up_prints_the_environment_makes_secrets_once_and_runs_the_setup(tmp_path: Path) -> None:
    prepare(tmp_path)
    key = tmp_path / "state" / "secrets" / "research.key"
    with platform(tmp_path) as first:
        assert first.printed == {
            "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{first.base}",
            "BIGQUERY_EMULATOR_HOST": f"http://127.0.0.1:{first.base + 1}",
            "GOOGLE_CLOUD_PROJECT": "local",
            "KEY": str(key),
            "COLOUR": "blue",
            "LOCALEMU_STATUS": f"http://127.0.0.1:{first.base + 2}",
            "LOCALEMU_READY": "1",
        }
        made = key.read_text()
        assert len(bytes.fromhex(made.strip())) == 32
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert key.with_name("research.key.seen").read_text() == first.printed["STORAGE_EMULATOR_HOST"]
    with platform(tmp_path):
        assert key.read_text() == made


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_its_workers_within_two_seconds(tmp_path: Path, number: signal.Signals) -> None:
    prepare(tmp_path)
    (tmp_path / "slow").touch()
    with platform(tmp_path) as p:
        p.json("POST", "/admin/emit", {"bucket": "in-a", "name": "x"})
        workers = p.children()
        assert len(workers) == 3
        p.process.send_signal(number)
        assert p.process.wait(2) == 0
        assert _wait_gone(workers)


def test_kill_9_leaves_no_worker_behind_and_what_was_in_flight_is_delivered_again(tmp_path: Path) -> None:
    prepare(tmp_path)
    (tmp_path / "slow").touch()
    with platform(tmp_path) as p:
        p.json("POST", "/admin/emit", {"bucket": "in-a", "name": "x"})
        end = time.monotonic() + 10
        while not (tmp_path / "seen.txt").exists() and time.monotonic() < end:
            time.sleep(0.01)
        workers = p.children()
        p.process.kill()
        p.process.wait()
        assert _wait_gone(workers)
    (tmp_path / "slow").unlink()
    with platform(tmp_path) as p:
        assert p.json("GET", "/admin/idle?wait_s=20") == {"idle": True}
        assert (tmp_path / "seen.txt").read_text() == "x\nx\n"
        (event,) = p.json("GET", "/admin/events")["events"]
        assert [event["state"], len(event["attempts"])] == ["delivered", 2]


def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    prepare(tmp_path)
    base = free_base()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", base + 11))
        taken.listen()
        message = _refusal(tmp_path, base)
    assert f"port {base + 11} (for function take) is taken" in message
    assert "--port-base" in message


def test_a_state_folder_in_use_is_refused(tmp_path: Path) -> None:
    prepare(tmp_path)
    with platform(tmp_path) as p:
        assert f"in use by another `up` (process {p.process.pid})" in _refusal(tmp_path, free_base())


def test_a_failing_setup_command_stops_it_and_shows_its_output(tmp_path: Path) -> None:
    prepare(tmp_path, CONFIG.replace("import os; open", "print('what went wrong'); raise SystemExit(3); open"))
    message = _refusal(tmp_path, free_base())
    assert "failed with exit code 3" in message
    assert "what went wrong" in message


def test_a_function_that_cannot_start_stops_it_and_shows_its_log(tmp_path: Path) -> None:
    prepare(tmp_path)
    (tmp_path / "source.py").write_text("import nothing_of_that_name")
    message = _refusal(tmp_path, free_base())
    assert "does not start" in message
    assert "No module named 'nothing_of_that_name'" in message


def test_a_function_is_run_by_name_with_its_environment_and_log(tmp_path: Path) -> None:
    prepare(tmp_path)
    with platform(tmp_path) as p:
        run = p.json("POST", "/admin/run/tick")
        assert (run["ok"], run["status"], run["body"]) == (True, 200, "done")
        assert p.ask("POST", "/admin/run/take")[0] == 404
        assert b"ticked blue" in p.ask("GET", "/section/logs?log=tick")[1]


def test_a_platform_imports_neither_google_clients_nor_the_product() -> None:
    unwanted = "('google.cloud.', 'pydicom', 'dicomlake')"
    code = f"import sys, localemu.up, localemu.storage.app, localemu.__main__; print([m for m in sys.modules if m.startswith({unwanted})])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
