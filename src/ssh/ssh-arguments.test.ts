import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, it } from "node:test"
import { checkAddress, checkHostKey, sshArguments } from "./ssh-arguments.ts"

const folder = mkdtempSync(join(tmpdir(), "windfall-ssh-"))
after(() => rmSync(folder, { recursive: true }))
const settings = {
  program: "ssh",
  identityFile: "/data/ssh/id_ed25519",
  configFile: null,
  knownHostsFolder: folder,
  connectTimeoutMs: 4_500,
}
const target = { address: "anna@mac", port: 2222, hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8j" }

describe("sshArguments()", () => {
  it("ends with the address and the command, behind a mark that ends the options", () => {
    assert.deepEqual(sshArguments(settings, target, "exec /bin/sh -s").slice(-3), ["--", "anna@mac", "exec /bin/sh -s"])
  })

  it("pins the one key in a file that holds nothing else", () => {
    const args = sshArguments(settings, target, "true")
    const file = args.find((arg) => arg.startsWith("UserKnownHostsFile="))?.replace(/^.*="(.*)"$/, "$1") ?? ""
    assert.equal(readFileSync(file, "utf8"), `windfall-host ${target.hostKey}\n`)
    for (const option of [
      "StrictHostKeyChecking=yes",
      "GlobalKnownHostsFile=/dev/null",
      "HostKeyAlias=windfall-host",
    ]) {
      assert.ok(args.includes(option), option)
    }
  })

  it("rounds the time to connect up to whole seconds and leaves the configuration to the account", () => {
    const args = sshArguments(settings, target, "true")
    assert.ok(args.includes("ConnectTimeout=5"))
    assert.ok(!args.includes("-F"))
  })

  it("tells older ssh what to ignore before it comes", () => {
    const args = sshArguments(settings, target, "true")
    const ignore = args.findIndex((arg) => arg.startsWith("IgnoreUnknown="))
    assert.ok(ignore < args.indexOf("SessionType=default"))
  })
})

describe("checkAddress()", () => {
  it("takes names, aliases, accounts and addresses", () => {
    for (const good of ["mac", "anna@mac-1.local", "10.0.0.7", "anna@fe80::1%en0", "mac_studio"]) checkAddress(good)
  })

  it("refuses what ssh or a shell could take for something else", () => {
    for (const bad of ["", "-oProxyCommand=x", "a b", "anna@-x", "$(x)", "a;b", "anna@", "`x`", "a\nb", "a\0"]) {
      assert.throws(() => checkAddress(bad), { code: "invalid_input" }, JSON.stringify(bad))
    }
  })
})

describe("checkHostKey()", () => {
  it("refuses more than one line and what is no key", () => {
    checkHostKey(target.hostKey)
    for (const bad of ["", "ssh-ed25519", `${target.hostKey}\n* ${target.hostKey}`, "@cert-authority x y"]) {
      assert.throws(() => checkHostKey(bad), { code: "invalid_input" }, JSON.stringify(bad))
    }
  })
})
