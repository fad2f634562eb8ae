"""Every answer of the REST API against Flink's own contract file (rest_api_v1.snapshot), where that is at hand."""
import json
import os
import unittest
from pathlib import Path

from cluster import EXAMPLES, JOBS, ClusterTest

SNAPSHOT = Path(os.environ.get("FLINK_REST_SNAPSHOT",
                               Path(__file__).resolve().parents[3] / "shared/conformance/rest_api_v1.snapshot"))
# Fields that Flink leaves out or sets to null itself (recorded answers show it), and those of a later release.
OPTIONAL = {"taskmanagers-blocked", "slots-free-and-blocked", "taskName", "endpoint", "taskManagerId", "taskmanager-id",
            "other-concurrent-attempts", "attempt-number", "other-concurrent-subtasks", "blocked", "local_strategy", "caching", "inputs", "failure-cause",
            "applicationId", "job-execution-result"}
PATHS = ["/overview", "/config", "/jobs", "/jobs/overview", "/jobs/:jobid", "/jobs/:jobid/plan", "/jobs/:jobid/status",
         "/jobs/:jobid/exceptions", "/jobs/:jobid/execution-result", "/jobs/:jobid/accumulators",
         "/jobs/:jobid/vertices/:vertexid", "/jobs/:jobid/vertices/:vertexid/backpressure",
         "/jobs/:jobid/vertices/:vertexid/subtasktimes", "/taskmanagers", "/taskmanagers/:taskmanagerid",
         "/taskmanagers/:taskmanagerid/logs", "/jobmanager/logs", "/jars"]


@unittest.skipUnless(SNAPSHOT.exists(), f"SKIPPED: Flink's REST contract is not at {SNAPSHOT}; set FLINK_REST_SNAPSHOT")
class RestContractTest(ClusterTest):
    def setUp(self):
        calls = json.loads(SNAPSHOT.read_text())["calls"]
        self.schemas = {(c["method"], c["url"]): c for c in calls}
        self.byId = {}
        self.collect(calls)

    def collect(self, node):
        if isinstance(node, dict):
            if "id" in node and "properties" in node:
                self.byId[node["id"]] = node
            for value in node.values():
                self.collect(value)
        elif isinstance(node, list):
            for value in node:
                self.collect(value)

    def compare(self, schema, value, where):
        schema = self.byId.get(schema.get("$ref"), schema)
        kind = schema.get("type")
        if kind == "any" or value is None:
            return
        types = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}
        self.assertIsInstance(value, types[kind], where)
        if "enum" in schema:
            self.assertIn(value, schema["enum"], where)
        if kind == "array":
            for index, item in enumerate(value):
                self.compare(schema["items"], item, f"{where}[{index}]")
        elif kind == "object" and "additionalProperties" in schema:
            for key, item in value.items():
                self.compare(schema["additionalProperties"], item, f"{where}.{key}")
        elif kind == "object" and "properties" in schema:
            for key, item in schema["properties"].items():
                if key in value:
                    self.compare(item, value[key], f"{where}.{key}")
                else:
                    self.assertIn(key, OPTIONAL, f"{where} lacks {key}")
            self.assertEqual(set(value) - set(schema["properties"]), set(), f"{where} has unknown fields")

    def check(self, path, **names):
        target = path
        for name, value in names.items():
            target = target.replace(f":{name}", value)
        call = self.schemas[("GET", path)]
        self.compare(call["response"], self.cluster.get(target), path)

    def testAnswersHaveTheContractsShape(self):
        running = self.cluster.start(JOBS / "Endless.so", parallelism=2)
        self.cluster.waitTasks(running)
        failed = self.cluster.start(JOBS / "Crash.so", "--how", "throw")
        self.cluster.waitState(failed, "FAILED")
        finished = self.cluster.start(EXAMPLES / "WordCount.so")
        self.cluster.waitState(finished, "FINISHED")
        taskManager = self.cluster.get("/taskmanagers")["taskmanagers"][0]["id"]
        for job in (running, failed, finished):
            vertex = self.cluster.job(job)["vertices"][0]["id"]
            for path in PATHS:
                if job != running and path.endswith("/backpressure"):
                    continue  # nothing is measured any more; rest_answers_test has what Flink says then
                with self.subTest(job=job, path=path):
                    self.check(path, jobid=job, vertexid=vertex, taskmanagerid=taskManager)
        status, body = self.cluster.request("PATCH", f"/jobs/{running}?mode=cancel")
        self.assertEqual((status, body), (202, {}))
        self.cluster.waitState(running, "CANCELED")

    def testUploadedLibraryRuns(self):
        jar = self.cluster.upload(EXAMPLES / "WordCount.so")
        self.check("/jars")
        self.assertEqual(self.cluster.get("/jars")["files"][0]["entry"], [{"name": "WordCount", "description": None}])
        plan = self.cluster.get(f"/jars/{jar}/plan?parallelism=2")
        self.compare(self.schemas[("GET", "/jars/:jarid/plan")]["response"], plan, "/jars/:jarid/plan")
        status, answer = self.cluster.request("POST", f"/jars/{jar}/run", b'{"parallelism": 2}')
        self.assertEqual(status, 200, answer)
        self.cluster.waitState(answer["jobid"], "FINISHED")


if __name__ == "__main__":
    unittest.main()
