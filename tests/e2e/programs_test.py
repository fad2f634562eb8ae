"""What users write: lambdas with captures from job.cpp, several execute() per program, unbounded sockets, wrong arguments."""
import json
import re
import socket
import subprocess
import unittest

from cluster import EXAMPLES, FLINKCTL, JOBS, ClusterTest, waitFor

LAMBDA = '''
#include <flink/datastream.h>

FLINK_JOB("Lambda", [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
  const long factor = args.getInt("factor", 2);
  const std::string unit = args.get("unit", "m");
  env.fromSequence(1, 100)
      .filter([factor](long n) { return n % factor == 0; })
      .map([factor, unit](long n) { return std::to_string(n / factor) + unit; })
      .writeAsText(args.get("output", ""));
  env.execute("Lambda");
});
'''


def lines(output):
    files = [output] if output.is_file() else [p for p in output.rglob("*") if p.is_file()]
    return sorted(line for file in files for line in file.read_text().splitlines())


class ProgramsTest(ClusterTest):
    options = {"slot.request.timeout": "1 s"}

    def testLambdaWithCapturesFromSourceAlone(self):
        source = self.cluster.home / "job.cpp"
        source.write_text(LAMBDA)
        for parallelism in (1, 2):
            output = self.cluster.home / f"lambda-{parallelism}"
            out = self.cluster.ctl("run", "-p", parallelism, source, "--factor", "5", "--unit", "km", "--output", output)
            self.assertRegex(out, r"Job has been submitted with JobID [0-9a-f]{32}")
            self.assertRegex(out, r"Job Runtime: \d+ ms")
            self.assertEqual(lines(output), sorted(f"{n}km" for n in range(1, 21)))

    def testCompilerErrorsReachTheUser(self):
        source = self.cluster.home / "broken.cpp"
        source.write_text(LAMBDA.replace("n / factor", "n / missing"))
        run = self.cluster.ctl("run", source, check=False)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("missing", run.stderr)
        self.assertEqual(run.stderr.count("FLINK-JOB-007"), 1, run.stderr)
        self.assertRegex(run.stderr, r"(?m)^error\[FLINK-JOB-007\]: the compiler rejected the job's source: source=.*broken.cpp")

    def testCompilationFailsForOtherReasonsToo(self):
        source = self.cluster.home / "fine.cpp"
        source.write_text(LAMBDA)
        for name, value, said in (("XDG_CACHE_HOME", "/proc/x", "FLINK-IO-003]: the directory of the job library cannot be made"),
                                  ("CXX", "no-such-compiler", "FLINK-JOB-007]: the compiler was not found")):
            run = subprocess.run([FLINKCTL, "run", source], env={**self.cluster.environment, name: value}, capture_output=True,
                                 text=True)
            self.assertEqual(run.returncode, 1, run.stdout)
            self.assertEqual(re.findall(r"FLINK-\w+-\d+", run.stderr), [said.split("]")[0]], run.stderr)
            self.assertIn(f"error[{said}", run.stderr)

    def testProgramWithoutDataflow(self):
        source = self.cluster.home / "empty.cpp"
        source.write_text('#include <flink/datastream.h>\n'
                          'FLINK_JOB("Empty", [](flink::StreamExecutionEnvironment&, const flink::Parameters&) {});\n')
        for verb in ("run", "info"):
            run = self.cluster.ctl(verb, source, check=False)
            self.assertEqual(run.returncode, 1, run.stdout)
            self.assertIn("The program doesn't contain a Flink job. Perhaps you forgot to call execute() on the execution "
                          "environment.", run.stderr)

    def testFullDisksFail(self):
        run = self.cluster.ctl("run", EXAMPLES / "WordCount.so", "--output", "/dev/full", check=False)
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        self.assertIn("error[FLINK-IO-003]", run.stderr)
        self.assertIn("No space left on device", run.stderr)
        self.assertNotIn("has finished", run.stdout)
        with open("/dev/full", "w") as full:
            run = subprocess.run([FLINKCTL, "list", "-a"], env=self.cluster.environment, stdout=full, stderr=subprocess.PIPE,
                                 text=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("error[FLINK-IO-003]: the output cannot be written: file=stdout", run.stderr)

    def testFailuresAreHeadedByTheirCause(self):
        for arguments, code in ((["-p", 9, JOBS / "Endless.so"], "FLINK-JOB-003"),
                                ([EXAMPLES / "WordCount.so", "--input", "/no/such/file"], "FLINK-IO-001"),
                                ([EXAMPLES / "WordCount.so", "--tokens", "letters"], "FLINK-JOB-006")):
            run = self.cluster.ctl("run", *arguments, check=False)
            self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
            self.assertTrue(run.stderr.startswith(f"error[{code}]: "), run.stderr)

    def testSeveralExecutesRunInOrder(self):
        output = self.cluster.home / "two"
        out = self.cluster.ctl("run", "-p", 2, JOBS / "TwoExecutes.so", "--output", output)
        self.assertEqual(len(re.findall(r"submitted with JobID [0-9a-f]{32}", out)), 2)
        self.assertEqual(lines(output / "first"), [str(n) for n in sorted(map(str, range(10)))])
        self.assertEqual(lines(output / "second"), ["first took a while: yes"])

    def testCollectReturnsRecordsToTheProgram(self):
        out = self.cluster.ctl("run", "-p", 2, JOBS / "Collect.so")
        self.assertIn("collected 1000 records with sum 499500", out)

    def testSocketJobRunsUntilCancelled(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        job = self.cluster.start(JOBS / "SocketLines.so", "--port", server.getsockname()[1],
                                 "--output", self.cluster.home / "socket")
        connection, _ = server.accept()
        self.addCleanup(connection.close)
        connection.sendall(b"to be or\nnot to be\n")
        waitFor("both lines have arrived", lambda: (self.cluster.home / "socket").exists() and
                lines(self.cluster.home / "socket") == ["NOT TO BE", "TO BE OR"])
        self.assertEqual(self.cluster.job(job)["state"], "RUNNING")
        self.cluster.ctl("cancel", job)
        self.cluster.waitState(job, "CANCELED")

    def testOneInputMayEmitAMillion(self):
        for parallelism in (1, 8):
            output = self.cluster.home / f"many-{parallelism}"
            self.cluster.ctl("run", "-p", parallelism, JOBS / "ManyPerInput.so", "--output", output)
            self.assertEqual(sum(map(int, lines(output))), 8 * 1_000_000)

    def testRelativePathsBeginWhereTheClientIs(self):
        here = self.cluster.home / "somewhere"
        (here / "texts").mkdir(parents=True)
        (here / "texts" / "a.txt").write_text("to be or not to be\n")
        for pattern in ("texts/a.txt", "./texts", "text?/*.txt", "file:texts/a.txt"):
            run = subprocess.run([FLINKCTL, "run", EXAMPLES / "WordCount.so", "--execution-mode", "BATCH", "--input", pattern,
                                  "--output", "counts"], cwd=here, env=self.cluster.environment, capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            self.assertEqual(lines(here / "counts"), ["(be,2)", "(not,1)", "(or,1)", "(to,2)"])
            (here / "counts").unlink()

    def testRelativePathsOverRestAreRefused(self):
        jar = self.cluster.upload(EXAMPLES / "WordCount.so")
        for path in ("counts.txt", "count?/*.txt"):
            status, answer = self.cluster.request("POST", f"/jars/{jar}/run",
                                                  json.dumps({"programArgsList": ["--input", path]}).encode())
            self.assertEqual(status, 200, answer)
            self.cluster.waitState(answer["jobid"], "FAILED")
            self.assertIn(f"use an absolute one: path={path}", self.cluster.rootCause(answer["jobid"]))

    def testTooFewSlotsSaysHowMany(self):
        run = self.cluster.ctl("run", "-p", 9, "-D", "pipeline.name=x", JOBS / "Endless.so", check=False)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("NoResourceAvailableException", run.stdout + run.stderr)
        self.assertRegex(run.stdout + run.stderr, r"9\b.*8\b|8\b.*9\b")

    def testWrongArguments(self):
        for arguments, code, text in (
                (["run", "/nowhere/job.so"], 6, "/nowhere/job.so"),
                (["run", "/etc/hostname"], 1, "FLINK-JOB-006"),
                (["cancel", "zz"], 2, "zz"),
                (["cancel", "0" * 32], 6, "0" * 32),
                (["frobnicate"], 2, "frobnicate")):
            run = self.cluster.ctl(*arguments, check=False)
            self.assertIn(text, run.stdout + run.stderr, arguments)
            self.assertEqual(run.returncode, code, (arguments, run.stdout, run.stderr))

    def testFlinkNameSpeaksFlinksWords(self):
        flink = FLINKCTL.parent / "flink"
        run = subprocess.run([flink, "frobnicate"], env=self.cluster.environment, capture_output=True, text=True)
        self.assertIn('"frobnicate" is not a valid action.', run.stdout + run.stderr)
        self.assertEqual(run.returncode, 1)
        run = subprocess.run([flink, "list"], env=self.cluster.environment, capture_output=True, text=True)
        self.assertIn("Waiting for response...", run.stdout)
        self.assertEqual(run.returncode, 0)


if __name__ == "__main__":
    unittest.main()
