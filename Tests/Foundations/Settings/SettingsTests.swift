// What a person may set, and what they are told when it is wrong.

import Foundation
import Settings
import Testing

@Suite struct SettingsTests {
  private func refusal(_ environment: [String: String] = [:], _ arguments: [String] = []) -> String? {
    do throws(SettingError) {
      _ = try Settings(environment: environment, arguments: arguments)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `nothing set gives the defaults`() throws {
    #expect(try Settings(environment: ["PATH": "/bin"], arguments: []) == Settings())
  }

  @Test func `a flag wins over the environment`() throws {
    let environment = ["MQVI_HTTP_PORT": "9000", "MQVI_UDP_PORT": "9001"]
    let settings = try Settings(environment: environment, arguments: ["--http-port", "9002"])
    #expect(settings.httpPort == 9002)
    #expect(settings.udpPort == 9001)
  }

  @Test func `flags take their values in both ways and switches may stand alone`() throws {
    let settings = try Settings(
      environment: [:], arguments: ["--data=/srv/mqvi", "--open-metrics", "--open-join", "no", "--shards", "3"])
    #expect(settings.dataDirectory == "/srv/mqvi")
    #expect(settings.openMetrics)
    #expect(!settings.openJoin)
    #expect(settings.shards == 3)
  }

  @Test func `lists are cut at commas`() throws {
    let settings = try Settings(environment: ["MQVI_ADVERTISED_ADDRESSES": "203.0.113.5, 2001:db8::5,"], arguments: [])
    #expect(settings.advertisedAddresses == ["203.0.113.5", "2001:db8::5"])
  }

  @Test func `a wrong value is named with what it was and what is taken`() {
    #expect(
      refusal(["MQVI_HTTP_PORT": "80800"])
        == "MQVI_HTTP_PORT is \"80800\", but takes a whole number from 0 to 65535")
    #expect(
      refusal([:], ["--log-level", "loud"])
        == "--log-level is \"loud\", but takes one of debug, info, warning, error")
    #expect(refusal([:], ["--open-join=maybe"]) == "--open-join is \"maybe\", but takes 1 or 0")
    #expect(refusal([:], ["--shards"]) == "--shards has no value, but takes a whole number from 0 to 64")
  }

  @Test func `a secret is never repeated`() {
    let text = refusal(["MQVI_API_KEY": "key", "MQVI_API_SECRET": "hunter2"])
    #expect(text == "MQVI_API_SECRET is a value of 7 characters, but takes 32 to 512 characters")
  }

  @Test func `an unknown name is refused with the nearest known one`() {
    #expect(refusal(["MQVI_HTTPPORT": "1"]) == "MQVI_HTTPPORT is not a setting; did you mean MQVI_HTTP_PORT?")
    #expect(refusal([:], ["--upd-port", "1"]) == "--upd-port is not an option; did you mean --udp-port?")
    #expect(refusal([:], ["--xyzzy-plugh-frotz"]) == "--xyzzy-plugh-frotz is not an option")
  }

  @Test func `halves of a pair are refused`() {
    #expect(refusal(["MQVI_TLS_KEY": "/k"])?.contains("go together") == true)
    #expect(refusal(["MQVI_API_KEY": "k"])?.contains("go together") == true)
    #expect(refusal(["MQVI_WEBHOOK_URLS": "ftp://x"])?.contains("http://") == true)
  }

  @Test func `every default is a value that the setting itself takes`() throws {
    for setting in Settings.table where !setting.defaultText.isEmpty {
      let settings = try Settings(environment: [setting.name: setting.defaultText], arguments: [])
      #expect(settings == Settings(), "\(setting.name)")
    }
  }

  @Test func `names are unique`() {
    #expect(Set(Settings.table.map(\.name)).count == Settings.table.count)
  }

  @Test func `the documentation's table is the one of the program`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let page = root.appendingPathComponent("Sources/Documentation/settings.md")
    let written = try String(contentsOf: page, encoding: .utf8)
    #expect(written == Settings.markdown, "run: mqvi settings --markdown > Sources/Documentation/settings.md")
  }
}
