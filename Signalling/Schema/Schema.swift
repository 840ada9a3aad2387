// The tables of the community server: a list of numbered migrations, each in a file of its own.
//
// A migration is SQL in a Swift literal, so that the binary carries it without a resource bundle or a generator. To add
// one, write `MigrationNNNN.swift` with the next number, and append it here. One that has been released never changes:
// the server refuses to start on a database that was made with another text.

import SQL

public enum Schema {
  /// Every migration, in the order of their numbers, which begin at 1 and have no gaps.
  public static let migrations: [Migration] = [.core, .accounts, .gateway, .chat, .files, .imports, .integrations]
}
