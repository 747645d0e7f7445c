import assert from "node:assert/strict"
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { fingerprintOf } from "../../src/ssh/host-key.ts"
import { type LabHost, MACS } from "../lab/lab.ts"
import { findLabMode } from "../lab/lab-mode.ts"
import { Child } from "../support/child.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { TerminalUser } from "../support/terminal-user.ts"

const PASSWORD = "lab-only-7731"
const SKIP = (await findLabMode()) === "ports" ? "this account may not make namespaces here" : false

describe("a host that does not know the server's key", { timeout: 600_000, skip: SKIP }, () => {
  const keysOf = (host: LabHost) => join(host.files, ".ssh/authorized_keys")

  it("is given it by ssh with the account's password, once, and joins", async () => {
    await using pool = await startPool({ hosts: [{ password: PASSWORD }], lockedOut: true })
    const host = pool.hosts[0] as LabHost
    await host.write(".ssh/authorized_keys", "ssh-ed25519 AAAAowners owner without a last newline")
    const modes = () => [keysOf(host), join(keysOf(host), "..")].map((path) => statSync(path).mode & 0o777)
    const before = modes()
    for (const joined of [1, 2]) {
      await using user = new TerminalUser(pool, addLine(host))
      await user.sees("Is it the same?")
      user.type("y")
      if (joined === 1) {
        await user.sees("asks for the account's password once")
        await user.sees("Do that?")
        user.type("y")
        await user.sees(/password: /)
        user.type(`${PASSWORD}\n`)
        await user.sees("The server's key is in ~/.ssh/authorized_keys")
      }
      await user.sees(/facts +.*Jobs run there as worker/)
      assert.equal((await user.ended()).exitCode, 0)
      assert.ok(!user.text.includes(PASSWORD), "it is not on the screen either")
      // Forgotten only: its key line goes with a host that leaves.
      await pool.api("DELETE", `/v1/hosts/${host.name}`)
    }
    const [owners, servers, ...rest] = readFileSync(keysOf(host), "utf8").split("\n")
    assert.equal(owners, "ssh-ed25519 AAAAowners owner without a last newline")
    assert.match(servers ?? "", new RegExp(`^restrict,pty ssh-ed25519 AAAA\\S+ windfall ${pool.server.id}$`))
    assert.deepEqual(rest, [""])
    assert.deepEqual(modes(), before)
  })

  it("is not left with it, nor with anything else, when somebody stops the join", async () => {
    await using pool = await startPool({ hosts: [{ password: PASSWORD, kind: "mac" }], lockedOut: true })
    const host = pool.hosts[0] as LabHost
    const temporary = pool.scratch.at("temporary")
    mkdirSync(temporary)
    for (const when of ["at the password", "at the join"]) {
      await using user = new TerminalUser(pool, `export TMPDIR='${temporary}'; ${addLine(host)}`)
      await user.sees("Is it the same?")
      user.type("y")
      await user.sees("Do that?")
      user.type("y")
      await user.sees(/password: /)
      if (when === "at the join") {
        user.type(`${PASSWORD}\n`)
        await user.sees("The server's key is in ~/.ssh/authorized_keys")
        await user.sees("system")
      }
      user.type("\x03")
      await user.sees(when === "at the join" ? "Taken back on " : "Stopped: nothing was changed on ")
      assert.notEqual((await user.ended()).exitCode, 0)
      assert.deepEqual(readdirSync(temporary), [])
      const left = readdirSync(host.files).filter((name) => !name.startsWith(".lab-"))
      assert.deepEqual(left, [], when)
    }
    assert.deepEqual((await pool.api<{ hosts: [] }>("GET", "/v1/hosts")).hosts, [])
  })

  it("with a wrong password, or where nobody is asked, has a text to forward to its owner", async () => {
    await using pool = await startPool({ hosts: [{ password: PASSWORD }], lockedOut: true })
    const host = pool.hosts[0] as LabHost
    await using user = new TerminalUser(pool, addLine(host))
    await user.sees("Is it the same?")
    user.type("y")
    await user.sees("Do that?")
    user.type("y")
    for (let tries = 0; tries < 3; tries++) {
      await user.sees(/password: /)
      user.type("wrong\n")
    }
    await user.sees("Please open Terminal there")
    assert.equal((await user.ended()).exitCode, 2)
    assert.ok(!existsSync(keysOf(host)))

    const { exitCode, stdout, stderr } = await add(pool, host)
    assert.equal(exitCode, 2, stderr)
    assert.match(stderr, /does not let the server's key in\n +Send the text above to its owner.*windfall host add/)
    assert.deepEqual((await pool.api<{ hosts: [] }>("GET", "/v1/hosts")).hosts, [])
    const lines = stdout.split("\n").filter((line) => line.startsWith("    "))
    assert.equal(lines.length, 3)
    await pasted(pool, host, [...lines, ...lines].join("\n"))
    assert.equal(readFileSync(keysOf(host), "utf8").split("\n").length, 2, "one line, once")
    assert.equal((await add(pool, host)).exitCode, 0)
  })
})

describe("an account that is somebody's own", { timeout: 600_000, skip: SKIP }, () => {
  it("is refused with what jobs could read, and with the lines that make one for jobs", async () => {
    await using pool = await startPool({
      hosts: [{ kind: "mac", mac: { ...MACS.studio, groups: ["admin"] } }],
      joinNone: true,
    })
    const mac = pool.hosts[0] as LabHost
    const { exitCode, stdout, stderr } = await add(pool, mac)
    assert.equal(exitCode, 2)
    assert.match(stderr, /worker is an administrator's account\n +Jobs of everybody .*--account-of-owner/)
    assert.match(stdout, /^sudo sysadminctl -addUser windfall .*-password -$/m)
    const { stdout: page } = await pool.windfall(["host", "account", "jobs"])
    assert.match(page, /^grep -qsF AAAA\S+ .*restrict,pty ssh-ed25519 AAAA\S+ windfall s/m)
    assert.match(page, /sudo sysadminctl -deleteUser jobs$/m)
    const refused = await pool.windfall(["host", "account", "Jobs; rm"])
    assert.equal(refused.exitCode, 2)
    assert.match(refused.stderr, /Cannot name an account "Jobs; rm"/)
    assert.match(page, /^id jobs >\/dev\/null 2>&1 && /m, "an account of that name is looked for before")
    for (const name of ["root", "daemon", "nobody", "admin", "guest", "shared", "staff"]) {
      const taken = await pool.windfall(["host", "account", name])
      assert.equal(taken.exitCode, 2, name)
      assert.match(taken.stderr, /Cannot name an account "\w+": macOS has one of that name/)
    }
  })
})

function addLine(host: LabHost): string {
  return `windfall host add ${host.user}@${host.address} --port ${host.port} --name ${host.name}`
}

function add(pool: Pool, host: LabHost) {
  const line = addLine(host).split(" ").slice(1)
  return pool.windfall([...line, "--fingerprint", fingerprintOf(host.hostKey)])
}

/** The owner at her own Terminal: an ssh by the lab's key, which every host accepts. */
async function pasted(pool: Pool, host: LabHost, lines: string): Promise<void> {
  const known = pool.scratch.at("known_hosts")
  writeFileSync(known, `host ${host.hostKey}\n`)
  const options = [
    "-i",
    host.identityFile,
    "-p",
    `${host.port}`,
    "-o",
    `UserKnownHostsFile=${known}`,
    "-o",
    "HostKeyAlias=host",
  ]
  await using ssh = new Child("ssh", ["-F", "/dev/null", ...options, `${host.user}@${host.address}`, "/bin/sh -s"], {
    input: `${lines}\n`,
  })
  const { exitCode, stderr } = await ssh.ended
  assert.equal(exitCode, 0, stderr)
}
