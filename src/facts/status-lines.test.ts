import assert from "node:assert/strict"
import { describe, it } from "node:test"
import type { FactName } from "./fact-names.ts"
import { readOutput } from "./read-output.ts"

function toldOf(text: string, name: FactName, { of, hint = "" }: { of?: string; hint?: string } = {}): unknown {
  const fact = readOutput(text, { hint }).sheet.get(name, of)
  return fact === undefined || fact.known ? fact?.value : fact.reason
}

describe("a command that answers with a line or two", () => {
  it("is not believed where its line contradicts itself", () => {
    const firewall = (text: string) => toldOf(`Firewall is ${text}\n`, "isFirewallOn")
    assert.equal(firewall("enabled. (State = 1)"), true)
    assert.equal(firewall("enabled. (State = 2)"), true)
    assert.equal(firewall("disabled. (State = 0)"), false)
    assert.equal(firewall("enabled. (State = 0)"), "contradictory")
    assert.equal(firewall("disabled. (State = 1)"), "contradictory")
    assert.equal(firewall("disabled. (State = 2)"), "contradictory")
    assert.equal(firewall("enabled. (State = 7)"), "garbage")
  })

  it("has unknown facts where its line is cut, with and without a line feed, and the line before stands", () => {
    for (const end of ["", "\n"]) {
      const managed = `Enrolled via DEP: Yes\nMDM enrollment: Yes (User App${end}`
      assert.equal(toldOf(managed, "isManaged"), "truncated")
      assert.equal(toldOf(managed, "isEnrolledByPurchase"), true)
      assert.equal(toldOf(`FileVault is O${end}`, "isFileVaultOn"), "truncated")
      assert.equal(toldOf(`Firewall is enabled. (Sta${end}`, "isFirewallOn"), "truncated")
      assert.equal(toldOf(`Firewall is enab${end}`, "isFirewallOn"), "truncated")
      assert.equal(toldOf(`Firew${end}`, "isFirewallOn", { hint: "socketfilterfw-getglobalstate" }), "truncated")
      assert.equal(toldOf(`Remote Login: O${end}`, "isRemoteLoginOn"), "truncated")
    }
    assert.equal(toldOf("Enrolled via DEP: No", "isEnrolledByPurchase"), "truncated")
    assert.equal(toldOf("Enrolled via DEP: No", "isManaged"), "truncated")
    assert.equal(toldOf("Enrolled via DEP: No\n", "isEnrolledByPurchase"), false)
    assert.equal(toldOf("Enrolled via DEP: No\n", "isManaged"), "truncated")
    assert.equal(toldOf("Enrolled via DEP: No\nMDM enrollment: No", "isManaged"), "truncated")
    assert.equal(toldOf("FileVault is On.", "isFileVaultOn"), true)
    assert.equal(toldOf("Firewall is enabled. (State = 1)", "isFirewallOn"), true)
  })

  it("may say that a restart is due, or that it is on in parts", () => {
    const vault = (text: string) => toldOf(`FileVault is ${text}\n`, "isFileVaultOn")
    assert.equal(vault("On, but needs to be restarted to finish."), true)
    assert.equal(vault("Off, but will be enabled after the next restart."), "contradictory")
    assert.equal(vault("Off.\nDeferred enablement appears to be active for user 'lena'."), false)
    const custom =
      "\n\nConfiguration:\n\tApple Internal: disabled\n\tKext Signing: enabled\n\nThis is an unsupported configuration, likely to break in the future and leave your machine in an unknown state.\n"
    for (const word of ["enabled", "unknown"]) {
      const text = `System Integrity Protection status: ${word} (Custom Configuration).${custom}`
      assert.equal(toldOf(text, "isSystemProtected"), "no_such_key")
      assert.equal(readOutput(text).note, null)
    }
  })

  it("and pmset -g, which has one setting behind tabs", () => {
    const settings = (line: string) =>
      `System-wide power settings:\n${line}\nCurrently in use:\n womp                 1\n sleep                0\n`
    const told = (line: string) => toldOf(settings(line), "powerSetting", { of: "SleepDisabled" })
    assert.equal(told(" SleepDisabled\t\t1"), 1)
    assert.equal(told(" SleepDisabled\t\t0"), 0)
    assert.equal(told(" SleepDisabled\t\t5"), "implausible")
  })
})
