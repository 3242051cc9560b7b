"""Builds the benches, runs one, and reads the lines of JSON that it prints."""

import json
import os
import pathlib
import signal
import subprocess

HERE = pathlib.Path(__file__).resolve().parent.parent


def build(is_debug=False):
    """Answers where each bench's program lies."""
    command = ["cargo", *(["build"] if is_debug else ["bench", "--no-run"]), "--locked"]
    # By their names: `cargo bench` alone would also build the unit tests for it.
    command += ["--bench", "*", "--message-format=json-render-diagnostics"]
    lines = subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    made = [json.loads(line) for line in lines if line.startswith("{")]
    return {
        each["target"]["name"]: each["executable"]
        for each in made
        if each.get("executable") and each["target"]["kind"] == ["bench"]
    }


def run(program, arguments=(), more={}, seconds=600):
    """The lines of one run, as {"bench", "case", "figures"}, and what went wrong, or nothing."""
    command = [program, "--bench", *arguments]
    # A group of its own, so that no server outlives a bench that took too long.
    child = subprocess.Popen(
        command, cwd=HERE, env=os.environ | {"RUST_BACKTRACE": "0"} | more, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    try:
        out, err = child.communicate(timeout=seconds)
        wrong = None if child.returncode == 0 else (err.strip().splitlines() or [f"ended with {child.returncode}"])[:2]
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        out, err = child.communicate()
        wrong = [f"not done within {seconds:.0f} s"]
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return lines, wrong and " ".join(wrong)
