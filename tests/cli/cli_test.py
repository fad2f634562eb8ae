"""flinkctl without a cluster: usage, exit codes, output forms, configuration checks."""
import json
import os
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

BIN = Path(os.environ["FLINK_BUILD"]) / "bin"


class CliTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="flink-cli-")
        self.addCleanup(directory.cleanup)
        self.home = Path(directory.name)
        self.conf = self.home / "conf"
        self.conf.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.write("config.yaml", f"jobmanager:\n  rpc:\n    port: {self.port}\nenv.pid.dir: {self.home}\n"
                   "jobmanager.memory.process.size: 1600m\ntaskmanager.memory.process.size: 1728m\n"
                   "rest.port: 0\nblob.server.port: 0\njobmanager.event.port: 0\n")

    def write(self, name, text):
        path = self.conf / name
        path.write_text(text)
        return path

    def run_(self, *arguments, program="flinkctl"):
        return subprocess.run([BIN / program, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "FLINK_CONF_DIR": str(self.conf), "TERM": "xterm"})

    def testHelpAndVersion(self):
        for arguments in (["--help"], ["run", "--help"], ["cluster", "start", "--help"]):
            run = self.run_(*arguments)
            self.assertEqual(run.returncode, 0)
            self.assertIn("Usage", run.stdout)
            self.assertEqual(run.stderr, "")
            self.assertRegex(run.stdout, r"\A[^\x00-\x09\x0b-\x1f]*\n\Z", "no control characters, to its end")
        for option in ("--parallelism", "--detached", "--output", "--no-color"):
            self.assertIn(option, self.run_("run", "--help").stdout)
        self.assertEqual(self.run_("version", "-o", "JSON").returncode, 0)
        self.assertRegex(self.run_("--version").stdout, r"^Version: \S+, Commit ID: \S+\n$")
        self.assertEqual(json.loads(self.run_("version", "-o", "json").stdout)["kind"], "Version")

    def testUsageErrors(self):
        for arguments in (["frobnicate"], ["list", "--nope"], ["run", "-p", "zero", "x.so"], ["cluster"], ["cancel"],
                          ["list", "-o", "xml"]):
            run = self.run_(*arguments)
            self.assertEqual(run.returncode, 2, (arguments, run.stdout, run.stderr))
            self.assertIn("error[FLINK-CLI-001]", run.stderr)
        refused = self.run_("list", "-o", "xml").stderr
        for word in ("xml", "table", "json", "yaml"):
            self.assertIn(word, refused)

    def testUnknownWordsAreNamedWithTheNearest(self):
        job = BIN.parent / "examples" / "streaming" / "WordCount.so"
        for arguments, said in (
                (["run", "--paralelism", "2", job], "Unrecognized option: --paralelism (did you mean --parallelism?)"),
                (["run", "-p", "2", "--detachd", job], "Unrecognized option: --detachd (did you mean --detached?)"),
                (["run", "--paralelism=2", job], "Unrecognized option: --paralelism (did you mean --parallelism?)"),
                (["run", "-x", job], "Unrecognized option: -x\n"),
                (["info", "--fromat", "dot", job], "Unrecognized option: --fromat (did you mean --format?)"),
                (["list", "--al", "x"], "Unrecognized option: --al (did you mean --all?)"),
                (["cluster", "start", "--slot", "3"], "Unrecognized option: --slot (did you mean --slots?)"),
                (["lst"], "Unrecognized command: lst (did you mean list?)"),
                (["cluster", "strat"], "Unrecognized command: strat (did you mean start?)"),
                (["cancel", "0" * 32, "b"], "Unrecognized argument: b\n")):
            run = self.run_(*arguments)
            self.assertEqual(run.returncode, 2, (arguments, run.stdout, run.stderr))
            self.assertIn(f"error[FLINK-CLI-001]: {said}", run.stderr)
        # What comes after the file is the program's.
        self.assertNotIn("Unrecognized", self.run_("info", job, "--paralelism", "2").stderr)

    def testNoClusterIsUnreachableAtOnce(self):
        for arguments in (["list"], ["cluster", "status"], ["taskmanager", "list"], ["cancel", "0" * 32],
                          ["savepoint", "0" * 32], ["stop", "0" * 32], ["checkpoint", "list", "0" * 32]):
            run = self.run_(*arguments)
            self.assertEqual(run.returncode, 5, (arguments, run.stdout, run.stderr))
            self.assertIn(f"localhost:{self.port}", run.stderr)
            self.assertIn("fix:", run.stderr)
        error = json.loads(self.run_("list", "-o", "json").stderr)
        self.assertEqual((error["exitCode"], error["causes"]), (5, [{"code": "FLINK-CLI-002", "message": error["causes"][0]["message"]}]))

    def testFlinkNameSpeaksFlinksWords(self):
        run = self.run_("list", program="flink")
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stdout, "Waiting for response...\n")
        self.assertIn(" The program finished with the following exception:\n\nFailed to retrieve job list.", run.stderr)
        run = self.run_("cancel", "zz", program="flink")
        self.assertIn('Cannot parse JobID from "zz". The expected format is [0-9a-fA-F]{32}, e.g. '
                      "fd72014d4c864993a2e5a9287b4a9c5d.\n\nUse the help option (-h or --help) to get help on the command.",
                      run.stderr)
        run = self.run_("frobnicate", program="flink")
        self.assertTrue(run.stdout.startswith('"frobnicate" is not a valid action.\n\nValid actions are'))

    def testPipesGetNoColour(self):
        run = self.run_("list")
        self.assertNotIn("\x1b", run.stdout + run.stderr)

    def testPropertiesOfARunAreCheckedToo(self):
        job = BIN.parent / "examples" / "streaming" / "WordCount.so"
        said = self.run_("info", "-D", "paralelism.default=2", "-D", "env.java.opts=-Xmx1g", job).stderr
        self.assertIn("parallelism.default", said)
        self.assertIn("env.java.opts", said)

    def testPropertiesThatNoJobTakesAreNamed(self):
        job = BIN.parent / "examples" / "streaming" / "WordCount.so"
        said = self.run_("info", "-D", "jobstore.max-capacity=7", "-D", "pipeline.name=mine", "-D", "client.timeout=9 s",
                         job).stderr
        self.assertIn("jobstore.max-capacity has no effect on a job", said)
        self.assertIn("flinkctl cluster start -D", said)
        self.assertNotIn("pipeline.name", said)
        self.assertNotIn("client.timeout", said)

    def testConfigCheck(self):
        good = self.run_("config", "check", self.conf / "config.yaml")
        self.assertEqual(good.returncode, 0, good.stderr)
        unknown = self.run_("config", "check", self.write("other.yaml", "taskmanager.numberOfTaskSlot: 4\n"))
        self.assertEqual(unknown.returncode, 0)
        self.assertIn("taskmanager.numberOfTaskSlots", unknown.stdout)
        bad = self.run_("config", "check", self.write("bad.yaml", "a: 1\nrest:\n  port: many\n"))
        self.assertEqual(bad.returncode, 8, bad.stdout + bad.stderr)
        self.assertIn("bad.yaml:3", bad.stderr)
        several = self.run_("config", "check", self.write("several.yaml", "rest.bind-port: 8081,8085-8090,x\n"
                            "taskmanager.rpc.port: 9-8\nmetrics.reporter.prom.port: 9249-\nblob.server.port: 1;2\n"))
        self.assertEqual(several.returncode, 8)
        for line, key, part in ((1, "rest.bind-port", "x"), (2, "taskmanager.rpc.port", "9-8"),
                                (3, "metrics.reporter.prom.port", "9249-"), (4, "blob.server.port", "1;2")):
            self.assertRegex(several.stderr, f"key={key} .*several.yaml:{line} .*'{part}' is no port")
        memory = self.run_("config", "check", self.write("memory.yaml", "taskmanager.memory.process.size: 1g\n"
                           "taskmanager.memory.flink.size: 2g\n"))
        self.assertEqual(memory.returncode, 8, memory.stdout)
        self.assertIn("FLINK-CFG-004", memory.stderr)
        self.assertEqual(self.run_("config", "check", self.write("part.yaml", "taskmanager.memory.network.min: 1g\n")).returncode, 0)
        statements = self.run_("config", "check", self.write("java.yaml", "rest.port: 8081\nenv.first();\nenv.second(60000);\n"))
        self.assertEqual(statements.returncode, 8)
        self.assertIn("java.yaml:2 line='env.first();'", statements.stderr)
        missing = self.run_("config", "check", self.home / "nowhere.yaml")
        self.assertEqual(missing.returncode, 6)

    def testAFullDiskIsNoSuccess(self):
        for arguments in (["version"], ["--help"], ["help", "exit-codes"], ["explain", "FLINK-NET-001"]):
            with open("/dev/full", "w") as full:
                run = subprocess.run([BIN / "flinkctl", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(run.returncode, 1, arguments)
            self.assertIn("error[FLINK-IO-003]: the output cannot be written: file=stdout reason=No space left on device",
                          run.stderr)

    def testExplain(self):
        run = self.run_("explain", "FLINK-NET-001")
        self.assertEqual(run.returncode, 0)
        self.assertIn("port", run.stdout)
        self.assertEqual(self.run_("explain", "flink-net-001").stdout, run.stdout)
        self.assertEqual(self.run_("explain", "FLINK-NOPE-1").returncode, 6)

    def testOtherHostsAreRefusedByName(self):
        self.write("workers", "localhost\nelsewhere\n")
        run = self.run_("cluster", "start")
        self.assertEqual(run.returncode, 1)
        self.assertIn("elsewhere", run.stderr)

    def testPortInUseNamesItsOwner(self):
        with socket.create_server(("127.0.0.1", self.port)):
            run = self.run_("cluster", "start", "-t", "0")
        self.assertEqual(run.returncode, 7, run.stderr)
        self.assertIn(str(self.port), run.stderr)
        self.assertIn(str(os.getpid()), run.stderr)


if __name__ == "__main__":
    unittest.main()
