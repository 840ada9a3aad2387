// Passwords on threads of their own: answers, bounds and the end.

import Cryptography
import Passwords
import Reactor
import Testing

@Suite struct PasswordWorkersTests {
  private struct Answer: Sendable, Hashable {
    var id: UInt64
    var answer: PasswordAnswer
  }

  private func workers(_ answers: Mailbox<Answer>, threads: Int = 1) throws -> PasswordWorkers {
    try PasswordWorkers(threads: threads, cost: PasswordHash.Limit.leastCost) { id, answer in
      _ = answers.post(Answer(id: id, answer: answer))
    }
  }

  private func post(_ workers: borrowing PasswordWorkers, _ id: UInt64, _ work: PasswordWork) {
    let isTaken = workers.post(id, work)
    #expect(isTaken)
  }

  @Test func `a hash that was made is the hash of its password and of no other`() throws {
    let answers = try Mailbox<Answer>(capacity: 10)
    let workers = try workers(answers)
    post(workers, 1, .hash("correct horse"))
    guard case .hash(let hash) = waitForMessage(answers)?.answer else { throw Missing() }
    #expect(PasswordHash.cost(of: hash) == 4)
    post(workers, 2, .check("correct horse", hash: hash))
    #expect(waitForMessage(answers) == Answer(id: 2, answer: .matches(true)))
    post(workers, 3, .check("correct horsf", hash: hash))
    #expect(waitForMessage(answers) == Answer(id: 3, answer: .matches(false)))
    workers.stop()
  }

  @Test func `without a hash every password is wrong`() throws {
    let answers = try Mailbox<Answer>(capacity: 10)
    let workers = try workers(answers)
    post(workers, 1, .check("anything", hash: nil))
    #expect(waitForMessage(answers) == Answer(id: 1, answer: .matches(false)))
    workers.stop()
  }

  @Test func `a password of more than 72 bytes is refused, not cut`() throws {
    let answers = try Mailbox<Answer>(capacity: 10)
    let workers = try workers(answers)
    post(workers, 1, .hash(String(repeating: "a", count: 73)))
    #expect(waitForMessage(answers) == Answer(id: 1, answer: .refused))
    workers.stop()
  }

  @Test func `a full queue refuses, and what it took is answered by several threads`() throws {
    let answers = try Mailbox<Answer>(capacity: 1000)
    let workers = try workers(answers, threads: 3)
    var taken: Set<UInt64> = []
    // Far faster than hashing: the queue fills.
    for id in 0..<1000 as Range<UInt64> where workers.post(id, .hash("correct horse")) { taken.insert(id) }
    #expect(taken.count >= PasswordWorkers.Limit.waiting && taken.count < 1000)
    var heard: Set<UInt64> = []
    var poller = try Poller()
    try poller.add(answers.signal.readable, token: 1)
    while heard.count < taken.count, poller.wait(patience) > 0 { heard.formUnion(answers.takeAll().map(\.id)) }
    #expect(heard == taken)
    workers.stop()
  }

  private struct Missing: Error {}
}
