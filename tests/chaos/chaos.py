"""A cluster with a job that must neither lose nor double anything, whose processes are killed."""
import collections
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from cluster import BUILD, Cluster, waitFor
from events import ALL_PHASES, PHASES, Events

PROGRAMS = BUILD / "tests" / "chaos"
KINDS = ["worker", "taskmanager", "jobmanager"]
PARALLELISM, TASK_MANAGERS, SLOTS = 4, 3, 2  # one TaskManager may be missing
BEFORE_AND_AFTER = 2  # completed checkpoints around each kill
AIMS_PER_PHASE = 20  # that may miss, for each that is wanted


class Run:
    def __init__(self, options, rng):
        self.options = options
        self.rng = rng
        self.kills = collections.Counter()  # (kind, phase)
        self.events = Events()
        self.contention = []
        self.maxStateBytes = 0

    def __enter__(self):
        # What a restarted JobManager finds its jobs by.
        self.leaderFiles = tempfile.mkdtemp(prefix="flink-chaos-ha-")
        settings = {"high-availability.type": "filesystem", "high-availability.storageDir": self.leaderFiles}
        self.cluster = Cluster(
            taskManagers=TASK_MANAGERS, slots=SLOTS,
            **{"execution.checkpointing.interval": f"{self.options.interval} ms", "restart-strategy.type": "fixed-delay",
               "restart-strategy.fixed-delay.attempts": 1_000_000, "restart-strategy.fixed-delay.delay": "1 ms",
               "heartbeat.interval": "500 ms", "heartbeat.timeout": "20 s", "web.checkpoints.history": 5,
               **(settings if "jobmanager" in self.options.kinds else {})})
        self.output = self.cluster.home / "output"
        self.output.mkdir()
        self.stopFile = self.cluster.home / "stop"
        try:
            self.cluster.__enter__()
            # Every core is wanted by somebody else, too.
            self.contention = [subprocess.Popen([sys.executable, "-c", "while True: pass"], preexec_fn=lambda: os.nice(5))
                               for _ in range(os.cpu_count())]
            self.startJob()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        for process in self.contention:
            process.kill()
            process.wait()
        self.events.unfollow()
        if self.options.keep:
            shutil.copytree(self.cluster.home, self.options.keep, dirs_exist_ok=True, ignore=shutil.ignore_patterns("tmp"))
        shutil.rmtree(self.leaderFiles, ignore_errors=True)
        self.cluster.__exit__(kind, value, trace)

    def startJob(self):
        self.events.watch(self.output)
        self.followJobManager()
        self.startMs = time.time_ns() // 1_000_000
        options = self.options
        self.job = self.cluster.start(
            PROGRAMS / "Chaos.so", "--keys", options.keys, "--rate", options.rate, "--start-ms", self.startMs,
            "--stop", self.stopFile, "--output", self.output, parallelism=PARALLELISM,
            configuration={"execution.checkpointing.dir": f"{self.cluster.home}/checkpoints"})
        self.awaitCheckpoints(0)
        # Until each key has its state.
        waitFor("the state is complete", lambda: self.stateBytes() > 500 * options.keys)

    def followJobManager(self):
        address = json.loads(self.cluster.ctl("cluster", "status", "-o", "json"))["rpcAddress"]
        self.events.follow(PROGRAMS / "follow", address)

    def stateBytes(self):
        latest = self.cluster.get(f"/jobs/{self.job}/checkpoints")["latest"]["completed"]
        size = latest["state_size"] if latest else 0
        self.maxStateBytes = max(self.maxStateBytes, size)
        return size

    def awaitCheckpoints(self, since):
        completed = lambda events: sum(kind == "checkpoint.completed" for _, kind, _ in events) >= BEFORE_AND_AFTER
        self.events.wait("checkpoints are completed", completed, since)

    # --- kills

    def killAtRandom(self, kind):
        self.awaitCheckpoints(self.events.mark())
        time.sleep(self.rng.uniform(0, 2 * self.options.interval / 1000))  # any instant
        self.kill(kind)

    def killByPhase(self, kinds, wanted):
        """Waits for the event that begins a phase, and kills; what was hit is known afterwards."""
        begins = {phase: kind for kind, phase in PHASES.items() if kind != "checkpoint.aborted"}
        for aim in range(wanted * len(ALL_PHASES) * AIMS_PER_PHASE):
            hits = {phase: sum(self.kills[kind, phase] for kind in KINDS) for phase in ALL_PHASES}
            phase = min(ALL_PHASES, key=lambda phase: hits[phase])
            if hits[phase] >= wanted:
                return
            self.awaitCheckpoints(self.events.mark())
            if phase == "between":
                time.sleep(self.rng.uniform(0, self.options.interval / 1000))
            else:
                self.events.wait(phase, lambda events: any(kind == begins[phase] for _, kind, _ in events),
                                 self.events.mark())
            self.kill(kinds[aim % len(kinds)])

    def kill(self, kind):
        since = self.events.mark()
        before = self.cluster.processes("flink-jobmanager")
        victims = {"worker": lambda: self.cluster.workers(self.job), "taskmanager": lambda: self.cluster.processes("flink-taskmanager"),
                   "jobmanager": lambda: before}[kind]()
        os.kill(self.rng.choice(victims), signal.SIGKILL)
        at = time.time_ns() // 1_000_000
        if kind == "jobmanager":
            since = self.replaceJobManager(before)
        else:
            status = lambda *wanted: lambda events: any(what == "job.status" and value in wanted for _, what, value in events)
            try:
                self.events.wait("the job restarts", status("RESTARTING", "FAILED"), since, seconds=60)
            except AssertionError:
                raise AssertionError(f"a {kind} was killed and the job did not restart")
            since = self.restarted(since)
        phase = self.events.phaseAt(at)
        self.kills[kind, phase] += 1
        if kind == "taskmanager":
            self.cluster.ctl("cluster", "start", "--only", "taskmanager", "-t", 1, "-s", SLOTS)
        self.awaitCheckpoints(since)
        print(f"kill {sum(self.kills.values())}: {kind} in phase {phase}", flush=True)

    def restarted(self, since):
        """Where in the list the job runs again."""
        def runs(events):
            statuses = [(i, value) for i, (_, kind, value) in enumerate(events) if kind == "job.status"]
            return statuses and statuses[-1][1] == "RUNNING" and statuses[-1][0] + 1
        return since + self.events.wait("the job runs again", runs, since)

    def replaceJobManager(self, before):
        waitFor("the JobManager is gone", lambda: not set(before) & set(self.cluster.processes("flink-jobmanager")))
        self.cluster.ctl("cluster", "start", "--only", "jobmanager", "--ports", "auto")
        status = json.loads(self.cluster.ctl("cluster", "status", "-o", "json"))
        self.cluster.rest = re.search(r'"restAddress":\s*"([^"]+)"', json.dumps(status)).group(1)
        self.followJobManager()

        def runs():
            try:
                return self.cluster.waitTasks(self.job)
            except OSError:  # it does not answer yet, or does not know the job yet
                return False
        waitFor("the job runs again", runs)
        return self.events.mark()

    # --- the end

    def finish(self):
        self.awaitCheckpoints(self.events.mark())
        self.stateBytes()
        # More than the clock allows the sources until they see the file.
        end = (time.time_ns() // 1_000_000 - self.startMs + 2000) * self.options.rate // 1000
        temporary = self.stopFile.with_suffix(".tmp")
        temporary.write_text(f"{end}\n")
        temporary.rename(self.stopFile)
        self.events.wait("the job ends", lambda events: any(
            kind == "job.status" and value in ("FINISHED", "FAILED") for _, kind, value in events), seconds=600)
        state = self.cluster.job(self.job)["state"]
        if state != "FINISHED":
            raise AssertionError(f"the job is {state}: {self.cluster.rootCause(self.job)}")
        checked = subprocess.run([PROGRAMS / "verify", self.output, str(end), str(self.options.keys)], capture_output=True, text=True)
        *examples, summary = checked.stdout.strip().split("\n")
        print("\n".join(examples + [summary]))
        return re.search(r"lost=\d+ duplicated=\d+ corrupted=\d+", summary).group(0)

    def histogram(self):
        width = max(map(len, KINDS + ["kills"]))
        rows = [f"{'kills':{width}} " + " ".join(f"{phase:>12}" for phase in ALL_PHASES + ["all"])]
        for kind in KINDS:
            counts = [self.kills[kind, phase] for phase in ALL_PHASES]
            rows.append(f"{kind:{width}} " + " ".join(f"{count:>12}" for count in counts + [sum(counts)]))
        return "\n".join(rows) + f"\nstate={self.maxStateBytes / 1e6:.0f}MB"
