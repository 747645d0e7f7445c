import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { sshFailure } from "./ssh-failure.ts"

const linux = { platform: "linux", app: "node" } as const
const mac = { platform: "darwin", app: "Terminal" } as const
const ended = (stderr: string) => ({ code: 255, signal: null, stderr })

describe("sshFailure()", () => {
  const words: readonly (readonly [string, string, RegExp])[] = [
    ["ssh: connect to host mac port 22: Connection refused", "host_unreachable", /nothing listens/],
    ["ssh: connect to host mac port 22: Connection timed out", "host_unreachable", /does not answer/],
    ["ssh: connect to host mac port 22: Operation timed out", "host_unreachable", /does not answer/],
    ["ssh: connect to host mac port 22: No route to host", "host_unreachable", /no route to host/],
    ["ssh: Could not resolve hostname mac: Name or service not known", "host_unreachable", /name mac is not known/],
    ["anna@mac: Permission denied (publickey,password).", "authentication_refused", /none of the server's keys/],
    ["anna@mac: Permission denied (password,keyboard-interactive).", "host_unreachable", /FileVault/],
    [
      "Received disconnect from 10.0.0.7 port 22:2: Too many authentication failures",
      "authentication_refused",
      /too many keys/,
    ],
    [
      "Host key for windfall-host has changed and you have requested strict checking.",
      "host_key_changed",
      /another host key/,
    ],
    [
      "No ED25519 host key is known for windfall-host and you have requested strict checking.",
      "host_key_changed",
      /pinned/,
    ],
    ["kex_exchange_identification: Connection closed by remote host", "host_unreachable", /was closed/],
    ["Connection reset by 10.0.0.7 port 22", "host_unreachable", /was closed/],
    ["/home/a/.ssh/config: line 3: Bad configuration option: foo", "host_unreachable", /configuration/],
  ]
  for (const [stderr, code, message] of words) {
    it(`reads "${stderr}"`, () => {
      const error = sshFailure(ended(`${stderr}\r\n`), "anna@mac", linux)
      assert.equal(error.code, code)
      assert.match(error.message, /^Cannot reach anna@mac: /)
      assert.match(error.message, message)
      assert.ok(error.hint, "there is something to do next")
    })
  }

  it("names the host whose key has changed in what to type", () => {
    const changed = ended("Host key for windfall-host has changed and you have requested strict checking.\r\n")
    const known = sshFailure(changed, "anna@10.0.0.7", { ...linux, host: "studio-3" })
    assert.match(known.hint ?? "", /windfall host rekey studio-3\. Else/)
    assert.match(sshFailure(changed, "anna@10.0.0.7", linux).hint ?? "", /windfall host add anna@10\.0\.0\.7\. Else/)
  })

  it("tells of a host that shuts the server out both that its owner may have left and that the key may be lost", () => {
    const shut = ended("w@10.0.0.7: Permission denied (publickey,password).\r\n")
    const known = sshFailure(shut, "w@10.0.0.7", { ...linux, host: "studio-3" })
    assert.match(
      known.hint ?? "",
      /it was taken out of the pool there.*windfall host rm studio-3 --forget\), or the key line/,
    )
    assert.doesNotMatch(sshFailure(shut, "w@10.0.0.7", linux).hint ?? "", /owner/)
  })

  it("takes EHOSTUNREACH on a Mac for a refusal of the local network, and names app and switch", () => {
    const error = sshFailure(ended("ssh: connect to host mac port 22: No route to host"), "anna@mac", mac)
    assert.equal(error.code, "local_network_denied")
    assert.match(error.message, /Terminal/)
    assert.match(error.hint ?? "", /Terminal.*Privacy & Security > Local Network/)
  })

  it("repeats ssh's last words when it does not know them, without control characters", () => {
    const error = sshFailure(ended("\u001b[31mstrange\r\nthings\n"), "anna@mac", linux)
    assert.equal(error.code, "host_unreachable")
    assert.match(error.message, /ssh ended with 255: \[31mstrange; things$/)
  })
})
