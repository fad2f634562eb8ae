"""A real cluster for tests: own configuration, ports and directories; every process ends with the test."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

BUILD = Path(os.environ["FLINK_BUILD"])
FLINKCTL = BUILD / "bin" / "flinkctl"
JOBS = BUILD / "tests" / "jobs"
EXAMPLES = BUILD / "examples" / "streaming"
WAIT_SECONDS = 60


def waitFor(what, condition, seconds=WAIT_SECONDS):
    """Returns the first true value of condition(); fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"timed out after {seconds} s: {what}")
        time.sleep(0.02)  # a poll of another process, not a synchronisation


class Cluster:
    def __init__(self, taskManagers=2, slots=4, **configuration):
        self.home = Path(tempfile.mkdtemp(prefix="flink-e2e-"))
        self.conf = self.home / "conf"
        self.conf.mkdir()
        settings = {"env.log.dir": self.home / "log", "env.pid.dir": self.home / "pid", "io.tmp.dirs": self.home / "tmp",
                    "web.upload.dir": self.home / "upload", "jobmanager.memory.process.size": "1600m",
                    "taskmanager.memory.process.size": "1728m", **configuration}
        (self.conf / "config.yaml").write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
        self.environment = {**os.environ, "FLINK_CONF_DIR": str(self.conf), "HOME": str(self.home),
                            "XDG_CACHE_HOME": str(self.home / "cache")}
        self.taskManagers = taskManagers
        self.slots = slots

    def __enter__(self):
        try:
            begin = time.monotonic()
            self.ctl("cluster", "start", "-t", str(self.taskManagers), "-s", str(self.slots), "--ports", "auto")
            self.startSeconds = time.monotonic() - begin
            status = json.loads(self.ctl("cluster", "status", "-o", "json"))
            self.rest = re.search(r'"restAddress":\s*"([^"]+)"', json.dumps(status)).group(1)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, *_):
        self.ctl("cluster", "stop", check=False)
        left = self.processes()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        if kind is not None and issubclass(kind, Exception):  # logs explain failures, not Ctrl-C
            for log in sorted((self.home / "log").glob("*")):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}")
        shutil.rmtree(self.home, ignore_errors=True)
        if kind is None and left:
            raise AssertionError(f"processes left behind: {left}")

    def ctl(self, *arguments, check=True, timeout=120):
        run = subprocess.run([FLINKCTL, *map(str, arguments)], env=self.environment, capture_output=True, text=True,
                             timeout=timeout)
        if check and run.returncode != 0:
            raise AssertionError(f"flinkctl {' '.join(map(str, arguments))} → {run.returncode}\n{run.stdout}{run.stderr}")
        return run.stdout if check else run

    def start(self, library, *arguments, parallelism=1, configuration=None):
        """Submits detached; returns the job's id."""
        options = [word for key, value in (configuration or {}).items() for word in ("-D", f"{key}={value}")]
        out = self.ctl("run", "-d", "-p", parallelism, *options, library, *arguments)
        return re.search(r"JobID ([0-9a-f]{32})", out).group(1)

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.rest}{path}", timeout=10) as response:
            return json.load(response)

    def request(self, method, path, body=None):
        """(status, parsed body) of any request."""
        request = urllib.request.Request(f"http://{self.rest}{path}", method=method, data=body)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, json.loads(response.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def upload(self, library):
        """Uploads a job library over REST; returns its id there."""
        body = (f'--x\r\nContent-Disposition: form-data; name="jarfile"; filename="{library.name}"\r\n\r\n'.encode() +
                library.read_bytes() + b"\r\n--x--\r\n")
        request = urllib.request.Request(f"http://{self.rest}/jars/upload", data=body, method="POST",
                                         headers={"Content-Type": "multipart/form-data; boundary=x"})
        with urllib.request.urlopen(request, timeout=30) as response:
            return Path(json.load(response)["filename"]).name

    def job(self, jobId):
        return self.get(f"/jobs/{jobId}")

    def waitState(self, jobId, *states):
        return waitFor(f"job {jobId} in {states}; now {self.job(jobId)['state']}",
                       lambda: (lambda s: s if s in states else None)(self.job(jobId)["state"]))

    def waitTasks(self, jobId, state="RUNNING"):
        return waitFor(f"all tasks of {jobId} {state}",
                       lambda: all(s["status"] == state for v in self.job(jobId)["vertices"]
                                   for s in self.get(f"/jobs/{jobId}/vertices/{v['id']}")["subtasks"]))

    def rootCause(self, jobId):
        entries = self.get(f"/jobs/{jobId}/exceptions")["exceptionHistory"]["entries"]
        return entries[0]["stacktrace"] if entries else ""

    def processes(self, program=""):
        """Pids of this cluster's processes (by FLINK_CONF_DIR in their environment), optionally of one program."""
        pids = []
        marker = f"FLINK_CONF_DIR={self.conf}".encode()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                state = re.search(r"^State:\s+(\S)", (entry / "status").read_text(), re.M).group(1)
                if state != "Z" and command[0] and marker in (entry / "environ").read_bytes().split(b"\0") and \
                        Path(command[0].decode()).name.startswith(program or "flink-"):
                    pids.append(int(entry.name))
            except (OSError, AttributeError, IndexError):
                continue
        return sorted(pids)

    def workers(self, jobId):
        """Pids of a job's workers: their command line shows the job's id."""
        return [pid for pid in self.processes("flink-worker")
                if jobId in Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")]


class ClusterTest(unittest.TestCase):
    """One cluster for all tests of a class; `options` go to Cluster."""
    options = {}

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(**cls.options)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)
