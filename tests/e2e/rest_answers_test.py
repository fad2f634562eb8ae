"""What REST answers, field by field, in shape and where it is determined in content.

rest/answers.json is the expectation: per request its shape, and per state of a job the values that follow from it. A shape
is a type (int, number, str, bool, null, any), "=<json>" for a constant, a list with the shape of its items, or an object
with the shapes of its fields ("name?": may be absent, "*": any name). The first test holds the cluster against it, the
second one what a real Flink answered, where the recordings are at hand.
"""
import json
import os
import unittest
from pathlib import Path

from cluster import EXAMPLES, JOBS, ClusterTest, waitFor

HERE = Path(__file__).resolve().parent
RECORDED = Path(os.environ.get("FLINK_RECORDED_REST", HERE.parents[2] / "shared/conformance/recorded/rest"))
EXPECTED = json.loads((HERE / "rest" / "answers.json").read_text())
TYPES = {"int": int, "number": (int, float), "str": str, "bool": bool, "null": type(None)}


def differences(shape, value, where=""):
    """Where a value is not of a shape."""
    if shape == "any":
        return []
    if isinstance(shape, dict):
        return objectDifferences(shape, value, where)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        if not shape:
            return [] if not value else [f"{where}: {len(value)} items, none expected"]
        return [d for i, item in enumerate(value) for d in differences(shape[0], item, f"{where}/{i}")]
    if shape.startswith("="):
        return [] if value == json.loads(shape[1:]) else [f"{where}: {value!r} is not {shape[1:]}"]
    if shape == "number" and value == "NaN":
        return []
    isBool = isinstance(value, bool)
    ok = isinstance(value, TYPES[shape]) and isBool == (shape == "bool")
    return [] if ok else [f"{where}: {value!r} is no {shape}"]


def objectDifferences(shape, value, where):
    if not isinstance(value, dict):
        return [f"{where}: {value!r} is no object"]
    if "*" in shape:
        return [d for key, item in value.items() for d in differences(shape["*"], item, f"{where}/{key}")]
    found = []
    for key, item in shape.items():
        name = key.rstrip("?")
        if name in value:
            found += differences(item, value[name], f"{where}/{name}")
        elif not key.endswith("?"):
            found.append(f"{where}/{name} is absent")
    unknown = set(value) - {key.rstrip("?") for key in shape}
    return found + [f"{where}/{name} is unknown" for name in sorted(unknown)]


def at(value, pointer):
    for name in pointer.strip("/").split("/"):
        value = value[name]
    return value


class RestAnswersTest(ClusterTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cluster = cls.cluster
        cls.jobs = {"running": cluster.start(JOBS / "Endless.so", parallelism=2),
                    "canceled": cluster.start(JOBS / "Endless.so"),
                    "failed": cluster.start(JOBS / "Crash.so", "--how", "throw"),
                    "finished": cluster.start(EXAMPLES / "WordCount.so", parallelism=2)}
        cluster.waitTasks(cls.jobs["running"])
        cluster.waitTasks(cls.jobs["canceled"])
        assert cluster.request("PATCH", f"/jobs/{cls.jobs['canceled']}") == (202, {})
        for state in ("canceled", "failed", "finished"):
            cluster.waitState(cls.jobs[state], state.upper())
        # Metrics of the running job arrive with the heartbeats.
        vertex = cls.vertexOf("running")
        waitFor("metrics", lambda: cluster.get(f"/jobs/{cls.jobs['running']}/vertices/{vertex}/metrics"))
        waitFor("heartbeats", lambda: all(t["hardware"]["cpuCores"] for t in cluster.get("/taskmanagers")["taskmanagers"]))

    @classmethod
    def vertexOf(cls, state):
        return cls.cluster.job(cls.jobs[state])["vertices"][0]["id"]

    def targetOf(self, request, state):
        target = request.split(" ", 1)[1]
        if state != "cluster":
            target = target.replace(":jobid", self.jobs[state]).replace(":vertexid", self.vertexOf(state))
        taskManager = self.cluster.get("/taskmanagers")["taskmanagers"][0]["id"]
        return target.replace(":taskmanagerid", taskManager)

    def check(self, expected, state, status, body):
        self.assertEqual(status, expected.get("status", 200))
        if "errors" in expected:
            lines = [line for line in body["errors"][0].split("\n") if line and not line.startswith("\t")]
            self.assertEqual(lines, expected["errors"])
            return
        self.assertEqual(differences(expected["shape"], body), [])
        for pointer, value in expected["answers"][state].get("values", {}).items():
            self.assertEqual(at(body, pointer), value, pointer)

    def testTheClusterAnswersAsExpected(self):
        for expected in EXPECTED:
            for state in expected["answers"]:
                with self.subTest(request=expected["request"], state=state):
                    status, body = self.cluster.request("GET", self.targetOf(expected["request"], state))
                    self.check(expected, state, status, body)

    def testFlinkAnswersAsExpected(self):
        if not RECORDED.exists():
            self.skipTest(f"SKIPPED: what Flink answers is not at {RECORDED}; set FLINK_RECORDED_REST")
        for expected in EXPECTED:
            for state, answer in expected["answers"].items():
                with self.subTest(request=expected["request"], state=state):
                    recorded = json.loads((RECORDED / f"{answer['recorded']}.json").read_text())
                    self.check(expected, state, recorded["status"], recorded["response"])

    def testFailedJobTellsItsFailure(self):
        history = self.cluster.get(f"/jobs/{self.jobs['failed']}/exceptions")["exceptionHistory"]
        self.assertEqual(len(history["entries"]), 1)
        result = self.cluster.get(f"/jobs/{self.jobs['failed']}/execution-result")["job-execution-result"]
        self.assertEqual(result["failure-cause"]["stack-trace"].splitlines()[0].split(":")[0],
                         result["failure-cause"]["class"])

    def testJobsThatEndedAreNotCancelledAgain(self):
        self.assertEqual(self.cluster.request("PATCH", f"/jobs/{self.jobs['canceled']}?mode=cancel"), (202, {}))
        for state in ("finished", "failed"):
            status, body = self.cluster.request("PATCH", f"/jobs/{self.jobs[state]}?mode=cancel")
            self.assertEqual(status, 409)
            self.assertIn(f"another terminal state ({state.upper()})", body["errors"][0])


class EvictedJobsTest(ClusterTest):
    """A job that is no longer kept is as unknown as one that never was."""
    options = {"jobstore.max-capacity": 1, "taskManagers": 1}

    def testEvictedJobsAreUnknown(self):
        first = self.cluster.start(EXAMPLES / "WordCount.so")
        self.cluster.waitState(first, "FINISHED")
        second = self.cluster.start(EXAMPLES / "WordCount.so")
        self.cluster.waitState(second, "FINISHED")
        waitFor("the first job is gone", lambda: self.cluster.request("GET", f"/jobs/{first}")[0] == 404)
        for view in ("", "/exceptions", "/status", "/plan", "/config", "/execution-result", "/accumulators"):
            status, body = self.cluster.request("GET", f"/jobs/{first}{view}")
            self.assertEqual(status, 404, view)
            self.assertIn(f"Could not find Flink job ({first})", body["errors"][0], view)
        self.assertEqual(self.cluster.request("PATCH", f"/jobs/{first}")[0], 404)
        self.assertEqual([job["jid"] for job in self.cluster.get("/jobs/overview")["jobs"]], [second])


if __name__ == "__main__":
    unittest.main()
