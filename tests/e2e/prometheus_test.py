"""The metrics that JobManager, TaskManagers and workers export, against the names, types and labels that Flink exports."""
import json
import os
import re
import signal
import unittest
import urllib.request
from datetime import datetime
from pathlib import Path

from cluster import JOBS, ClusterTest, waitFor

HERE = Path(__file__).resolve().parent
RECORDED = Path(os.environ.get("FLINK_RECORDED_METRICS",
                               HERE.parents[2] / "shared/conformance/recorded/prometheus/metrics.tsv"))
SERIES = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
PROMETHEUS = {"metrics.reporters": "prom", "metrics.reporter.prom.factory.class":
              "org.apache.flink.metrics.prometheus.PrometheusReporterFactory", "metrics.reporter.prom.port": 0}
KEYS = 500


def readTable(path):
    """Lines of tab-separated fields; # begins a comment line."""
    return [line.split("\t") for line in path.read_text().splitlines() if line and not line.startswith("#")]


def scrape(ports):
    """{metric: type} and {metric: {labels: value}} of all reporters at these ports."""
    types, series = {}, {}
    for port in ports:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
            text = response.read().decode()
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                types[name] = kind
            elif match := SERIES.match(line):
                series.setdefault(match[1], {})[frozenset(LABEL.findall(match[2] or ""))] = float(match[3])
    return types, series


def reportersOf(cluster):
    """The ports of the reporters of JobManager and TaskManagers, once all have started."""
    logs = "".join(log.read_text(errors="replace") for log in (cluster.home / "log").glob("*.log"))
    ports = set(re.findall(r"reporter started name=prom port=(\d+)", logs))
    return sorted(ports) if len(ports) == 3 else None


def milliseconds(text):
    """Of the epoch, of a time that flinkctl prints."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


class PrometheusTest(ClusterTest):
    options = PROMETHEUS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ports = waitFor("three reporters", lambda: reportersOf(cls.cluster))
        cls.running = cls.cluster.start(JOBS / "Measured.so", parallelism=2)
        cls.cluster.waitTasks(cls.running)

    def scrapeWhole(self):
        """A scrape in which the running job's tasks have their say."""
        return waitFor("the tasks' metrics", lambda: (lambda all: all if self.complete(all) else None)(scrape(self.ports)))

    @staticmethod
    def complete(scraped):
        return all(any(value > 0 for value in scraped[1].get("flink_taskmanager_job_task_" + name, {}).values())
                   for name in ("numFiredTimers", "operator_numRecordsSend"))

    def testEveryMetricOfTheProjectsListIsExportedWithItsTypeAndLabels(self):
        types, series = self.scrapeWhole()
        for name, kind, names in readTable(HERE / "metrics" / "exported.tsv"):
            with self.subTest(metric=name):
                self.assertEqual(types.get(name), kind)
                labels = {frozenset(label for label, _ in labels) for labels in series.get(name, {})}
                self.assertEqual({frozenset(names.split(","))}, labels)

    def testTheListsNameEveryMetricOfFlink(self):
        if not RECORDED.exists():
            self.skipTest(f"SKIPPED: what Flink exports is not at {RECORDED}; set FLINK_RECORDED_METRICS")
        exported = {row[0]: row for row in readTable(HERE / "metrics" / "exported.tsv")}
        absent = [re.compile(row[0]) for row in readTable(HERE / "metrics" / "absent.tsv")]
        for _, name, kind, names in readTable(RECORDED)[1:]:
            if kind == "?":
                continue  # a series of a summary
            with self.subTest(metric=name):
                if name in exported:
                    self.assertEqual(exported[name][1], kind)
                    self.assertEqual(set(exported[name][2].split(",")), set(names.split(",")))
                else:
                    self.assertTrue(any(pattern.fullmatch(name) for pattern in absent), "neither exported nor explained")

    def testNothingExplainedAsAbsentIsExported(self):
        types, _ = self.scrapeWhole()
        for pattern, reason in readTable(HERE / "metrics" / "absent.tsv"):
            self.assertTrue(reason)
            self.assertEqual([name for name in types if re.fullmatch(pattern, name)], [], pattern)

    def testValuesAreThoseOfTheJob(self):
        values = {name: list(series.values()) for name, series in self.scrapeWhole()[1].items()}
        task = "flink_taskmanager_job_task_"
        self.assertGreater(sum(values[task + "operator_numBytesSend"]), 0)
        self.assertGreater(sum(values[task + "mailboxLatencyMs_count"]), 0, "sources were given splits")
        self.assertGreater(max(values[task + "operator_currentInputWatermark"]), 0)
        self.assertGreater(max(values[task + "operator_currentOutputWatermark"]), 0)
        self.assertEqual(sum(values[task + "operator_numRecordsSendErrors"]), 0)
        received = sum(values[task + "numBytesInLocal"]) + sum(values[task + "numBytesInRemote"])
        self.assertGreater(received, 0)


class CheckpointMetricsTest(ClusterTest):
    """What the JobManager exports of a job's checkpoints and restarts is what the other windows on them say."""
    options = {**PROMETHEUS, "restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.attempts": 10,
               "restart-strategy.fixed-delay.delay": "1 ms", "state.latency-track.keyed-state-enabled": "true",
               "state.latency-track.sample-interval": 1}

    def setUp(self):
        self.ports = waitFor("three reporters", lambda: reportersOf(self.cluster))
        self.directory = self.cluster.home / self.id().rpartition(".")[2]
        self.job = self.cluster.start(JOBS / "StatefulCount.so", "--records", 10_000_000, "--keys", KEYS, "--rate", 5_000,
                                      "--output", f"{self.directory}.counts", parallelism=2,
                                      configuration={"execution.checkpointing.dir": self.directory})
        self.addCleanup(lambda: (self.cluster.ctl("cancel", self.job), self.cluster.waitState(self.job, "CANCELED")))
        self.cluster.waitTasks(self.job)

    def values(self):
        """{metric without flink_: {labels: value}} of the job."""
        return {name.removeprefix("flink_"): {labels: value for labels, value in series.items() if ("job_id", self.job) in labels}
                for name, series in scrape(self.ports)[1].items()}

    def ofJob(self, name):
        """A metric that the JobManager has once per job."""
        (value,) = self.values()["jobmanager_job_" + name].values()
        return value

    def ofOperators(self, name, **wanted):
        """The values of a metric at all subtasks of the operators."""
        return [value for labels, value in self.values().get("taskmanager_job_task_operator_" + name, {}).items()
                if set(wanted.items()) <= labels]

    def listed(self):
        return json.loads(self.cluster.ctl("checkpoint", "list", self.job, "-o", "json"))

    def testFiguresAreThoseOfTheList(self):
        for name in ("lastCompletedCheckpointId", "lastCheckpointDuration", "lastCheckpointSize", "lastCheckpointFullSize",
                     "lastCheckpointMetadataSize", "lastCheckpointCompletedTimestamp"):
            self.assertEqual(self.ofJob(name), -1, name)
        self.assertEqual(self.ofJob("totalNumberOfCheckpoints"), 0)
        for _ in range(2):
            self.cluster.ctl("checkpoint", "trigger", self.job)
        self.cluster.ctl("savepoint", self.job, self.directory / "savepoints")
        self.cluster.ctl("checkpoint", "trigger", self.job)
        nowhere = self.cluster.conf / "config.yaml" / "savepoints"
        self.assertNotEqual(self.cluster.ctl("savepoint", self.job, nowhere, check=False).returncode, 0)
        list_ = self.listed()
        counts = list_["counts"]
        self.assertEqual(counts["completed"], 4)
        self.assertEqual(self.ofJob("numberOfCompletedCheckpoints"), 4)
        self.assertEqual(self.ofJob("numberOfFailedCheckpoints"), counts["failed"])
        self.assertGreater(counts["failed"], 0)
        self.assertEqual(self.ofJob("totalNumberOfCheckpoints"), counts["total"])
        self.assertEqual(self.ofJob("numberOfInProgressCheckpoints"), 0)
        last = next(item for item in list_["items"] if item["status"] == "COMPLETED")
        path = Path(last["path"].removeprefix("file:"))
        self.assertEqual(self.ofJob("lastCompletedCheckpointId"), last["id"])
        self.assertEqual(self.ofJob("lastCheckpointDuration"), last["durationMs"])
        self.assertEqual(self.ofJob("lastCheckpointSize"), last["checkpointedBytes"])
        self.assertEqual(self.ofJob("lastCheckpointFullSize"), last["stateBytes"])
        self.assertGreater(last["stateBytes"], 0)
        self.assertEqual(self.ofJob("lastCheckpointMetadataSize"), (path / "_metadata").stat().st_size)
        self.assertEqual(self.ofJob("lastCheckpointExternalPath"), 0, "a text reads as 0, as with Flink")
        completed = milliseconds(last["latestAcknowledgement"])
        self.assertEqual(self.ofJob("lastCheckpointCompletedTimestamp"), completed)
        self.assertEqual(last["durationMs"], completed - milliseconds(last["triggered"]))
        alignments = waitFor("barriers were awaited", lambda: (lambda times: times if any(times) else None)(
            list(self.values().get("taskmanager_job_task_checkpointAlignmentTime", {}).values())))
        delays = self.values()["taskmanager_job_task_checkpointStartDelayNanos"].values()
        self.assertTrue(all(0 <= time < 60e9 for time in [*alignments, *delays]), f"{alignments} {delays}")

    def testRestartsAreCountedAndTimed(self):
        self.assertEqual(self.ofJob("numRestarts"), 0)
        self.cluster.ctl("checkpoint", "trigger", self.job)
        begun = self.ofJob("lastCheckpointRestoreTimestamp")
        self.assertLess(abs(begun - self.cluster.job(self.job)["start-time"]), 60_000)
        os.kill(self.cluster.workers(self.job)[0], signal.SIGKILL)
        waitFor("the job restarts", lambda: self.ofJob("numRestarts") == 1)
        self.cluster.waitTasks(self.job)
        self.assertEqual(self.listed()["counts"]["restored"], 1)
        self.assertGreater(self.ofJob("lastCheckpointRestoreTimestamp"), begun)
        self.assertGreater(self.ofJob("uptime"), 0)
        self.assertEqual(self.ofJob("downtime"), 0)
        self.assertEqual(self.ofJob("restartingTime"), 0)
        self.assertGreater(self.ofJob("runningTime"), 0)

    def testStatesTellWhatTheyHoldAndHowLongTheyTake(self):
        waitFor("every key has its entry", lambda: sum(self.ofOperators("count_numEntries")) == KEYS)
        self.assertGreater(sum(self.ofOperators("count_numBytes")), KEYS * 16)
        for name in ("valueStateGetLatency", "valueStateUpdateLatency"):
            self.assertGreater(sum(self.ofOperators(f"state_name_{name}_count", state_name="count")), KEYS, name)
            slowest = self.ofOperators(f"state_name_{name}", state_name="count", quantile="1.0")
            self.assertTrue(all(0 < nanoseconds < 60e9 for nanoseconds in slowest), f"{name} {slowest}")
        vertices = {vertex["name"]: vertex["id"] for vertex in self.cluster.job(self.job)["vertices"]}
        (keyed,) = [id for name, id in vertices.items() if not name.startswith(("Source", "Sink"))]
        path = f"/jobs/{self.job}/vertices/{keyed}/subtasks/metrics"
        waitFor("REST shows them, too", lambda: {"count.numEntries", "state_name.count.valueStateGetLatency_max"} <=
                {metric["id"].partition(".")[2] for metric in self.cluster.get(path)})


if __name__ == "__main__":
    unittest.main()
