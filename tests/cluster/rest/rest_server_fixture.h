#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cluster/rest/rest_server.h"
#include "core/base/blocking_pool.h"
#include "core/fs/local_file_system.h"
#include "tests/cluster/rest/fake_gateway.h"
#include "tests/cluster/rest/http_client.h"

namespace flink::rest {

using Json = nlohmann::json;

class RecordingJarRunner final : public JarRunner {
 public:
  std::vector<std::string> entries(const std::string& path) override {
    calledOn = std::this_thread::get_id();
    read.push_back(path);
    return {"First", "Second"};
  }
  void plan(JarRunRequest request, std::function<void(Result<protocol::JobGraph>)> done) override {
    last = std::move(request);
    protocol::JobGraph graph;
    graph.name = "planned";
    graph.planJson = R"({"type":"STREAMING","nodes":[]})";
    done(std::move(graph));
  }
  void run(JarRunRequest request, std::function<void(Result<JobId>)> done) override {
    calledOn = std::this_thread::get_id();
    last = std::move(request);
    done(JobId::parse("0000000000000000000000000000000a").value());
  }
  JarRunRequest last;
  std::vector<std::string> read;  ///< whose entries were asked for
  std::thread::id calledOn;
};

class RestServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() /
                 ("rest-test-" + Id<struct TestTag>::random(*rng_).toHex());
    settings_.ports = {0};
    settings_.uploadDirectory = directory_.string();
    settings_.maxBodyBytes = 4096;
    settings_.maxHeaderBytes = 2048;
    settings_.requestTimeout = std::chrono::milliseconds(300);
    settings_.configuration = {{"rest.port", "0"}, {"some.password", "hidden"}};
  }
  void TearDown() override {
    if (server_) server_->stop();
    blocking_.stop();
    std::filesystem::remove_all(directory_);
  }
  RestServices services() {
    return {&gateway_,    &runner_,
            files_.get(), &clock_,
            rng_.get(),   [this](std::function<void()> work) { blocking_.run(std::move(work)); }};
  }
  void start() {
    auto server = RestServer::start(settings_, services());
    ASSERT_TRUE(server.isOk()) << server.status().toString();
    server_ = std::move(*server);
  }
  Answer get(const std::string& target) { return request(server_->port(), "GET", target); }
  JobId addJob() {
    const JobId id = JobId::parse("0123456789abcdef0123456789abcdef").value();
    protocol::JobDetails job;
    job.overview.id = id;
    job.overview.name = "job";
    job.nowMs = 1000;
    job.planJson = R"({"type":"STREAMING","nodes":[]})";
    protocol::VertexView vertex;
    vertex.id = JobVertexId::parse("000000000000000000000000000000ff").value();
    vertex.name = "Source";
    vertex.parallelism = 1;
    vertex.subtasks.resize(1);
    vertex.subtasks[0].state = protocol::ExecutionState::kRunning;
    vertex.subtasks[0].io.backPressuredMsPerSecond = 620;
    job.vertices.push_back(vertex);
    gateway_.jobs[id] = job;
    return id;
  }
  std::string upload(const std::string& name, const std::string& content) {
    const std::string body =
        "--b\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"" + name +
        "\"\r\nContent-Type: application/x-java-archive\r\n\r\n" + content + "\r\n--b--\r\n";
    const Answer answer =
        request(server_->port(), "POST", "/jars/upload", body, "multipart/form-data; boundary=b");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return std::filesystem::path(Json::parse(answer.body)["filename"].get<std::string>())
        .filename();
  }

  std::unique_ptr<Rng> rng_ = makeSystemRng();
  std::unique_ptr<FileSystem> files_ = fs::makeLocalFileSystem();
  SystemClock clock_;
  FakeGateway gateway_;
  RecordingJarRunner runner_;
  RestSettings settings_;
  std::filesystem::path directory_;
  std::unique_ptr<RestServer> server_;
  BlockingPool blocking_;
};

}  // namespace flink::rest
