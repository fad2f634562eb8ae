#include "dataflow/network/blocking_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/base/error_codes.h"
#include "tests/dataflow/checkpoint/in_memory_file_system.h"
#include "tests/support/loop_executor.h"
#include "tests/support/manual_event_loop.h"

namespace flink::network {
namespace {

constexpr std::int32_t kSegmentBytes = 4096;
constexpr int kBuffersPerReader = 20;
constexpr std::uint32_t kBufferBytes = 100;

class NobodyListens final : public SubpartitionListener {
 public:
  void onDataAvailable() override {}
  void onFailure(const Status& /*reason*/) override {}
};

/// A finished partition, read in steps of the test's loop.
class BlockingViewTest : public ::testing::Test {
 protected:
  using View = std::shared_ptr<SubpartitionView>;

  void makePartition(int numReaders, std::int64_t sharedSegments) {
    auto file = files_.openWrite("/partition", false).value();
    std::vector<std::vector<StoredBuffer>> index(static_cast<std::size_t>(numReaders));
    std::uint64_t offset = 0;
    for (int i = 0; i < kBuffersPerReader; ++i) {
      for (std::size_t reader = 0; reader < index.size(); ++reader) {
        const std::string content(kBufferBytes, contentOf(reader, i));
        ASSERT_TRUE(file->append(asBytes(content)).isOk());
        index[reader].push_back({offset, kBufferBytes, 0});
        offset += kBufferBytes;
      }
    }
    shared_ = std::make_shared<memory::SegmentPool>(sharedSegments * kSegmentBytes, kSegmentBytes);
    partition_ = std::make_shared<BlockingPartition>(ResultPartitionId{}, "/partition", numReaders,
                                                     shared_, files_, executor_);
    partition_->complete(std::move(index), std::nullopt);
  }
  static char contentOf(std::size_t reader, int buffer) {
    return static_cast<char>('a' + (static_cast<int>(reader) * 7 + buffer) % 26);
  }
  View read(std::size_t reader) {
    auto view = partition_->createView(static_cast<int>(reader), listener_);
    loop_.run();
    return std::move(view).value();
  }
  /// Takes what `view` has now, holding all of it at the same time; counts on from `taken`.
  std::vector<Buffer> takeReady(const View& view, std::size_t reader, int& taken) {
    std::vector<Buffer> buffers;
    Taken item;
    while (taken < kBuffersPerReader && view->take(item, false) == TakeResult::kTaken) {
      EXPECT_EQ(static_cast<char>(item.buffer.data()[kBufferBytes - 1]), contentOf(reader, taken));
      ++taken;
      buffers.push_back(std::move(item.buffer));
    }
    return buffers;
  }
  void readToEnd(const View& view, std::size_t reader, int taken = 0) {
    while (taken < kBuffersPerReader) {
      auto buffers = takeReady(view, reader, taken);
      ASSERT_FALSE(buffers.empty()) << "the reader is stuck at buffer " << taken;
      buffers.clear();
      loop_.run();
    }
    Taken end;
    ASSERT_EQ(view->take(end, false), TakeResult::kTaken);
    EXPECT_TRUE(end.endsChannel());
  }

  testing::ManualClock clock_;
  testing::ManualEventLoop loop_{clock_};
  testing::LoopExecutor executor_{loop_};
  checkpoint::InMemoryFileSystem files_;
  std::shared_ptr<memory::SegmentPool> shared_;
  std::shared_ptr<BlockingPartition> partition_;
  std::shared_ptr<NobodyListens> listener_ = std::make_shared<NobodyListens>();
};

TEST_F(BlockingViewTest, AllReadersOfAPartitionShareOneOpenFile) {
  makePartition(5, 0);
  std::vector<View> views;
  for (std::size_t reader = 0; reader < 5; ++reader) views.push_back(read(reader));
  EXPECT_EQ(files_.numOpenToRead(), 1);
  for (std::size_t reader = 0; reader < 5; ++reader) readToEnd(views[reader], reader);
  EXPECT_EQ(files_.numOpenToRead(), 0);
}

TEST_F(BlockingViewTest, ReadersGetOnWithASegmentOfTheirOwnWhenOthersHaveTheSharedOnes) {
  makePartition(3, 9);
  const View greedy = read(0), late = read(1), last = read(2);
  EXPECT_EQ(shared_->used(), 9);
  int taken = 0;
  auto held = takeReady(greedy, 0, taken);
  EXPECT_EQ(held.size(), BlockingSubpartitionView::kReadAhead);
  loop_.run();
  EXPECT_EQ(shared_->used(), 9) << "what the consumer holds is not read into again";
  readToEnd(last, 2);
  readToEnd(late, 1);
  EXPECT_EQ(shared_->used(), 7);
  held.clear();
  loop_.run();
  readToEnd(greedy, 0, taken);
  EXPECT_EQ(shared_->used(), 0);
}

TEST_F(BlockingViewTest, AReaderThatLeavesGivesItsSegmentsBack) {
  makePartition(1, 100);
  View view = read(0);
  int taken = 0;
  auto held = takeReady(view, 0, taken);
  held.resize(2);
  loop_.run();
  view->release();
  loop_.run();
  EXPECT_LE(shared_->used(), 2);
  held.clear();
  EXPECT_EQ(shared_->used(), 0);
  view.reset();
  EXPECT_EQ(files_.numOpenToRead(), 0);
}

}  // namespace
}  // namespace flink::network
