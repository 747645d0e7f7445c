import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { after, before, describe, it } from "node:test"
import { systemClock } from "../../src/base/clock.ts"
import type { UserInvite } from "../../src/protocol/api.ts"
import { ownCertificate } from "../../src/server/own-certificate.ts"
import { assertRefused } from "../support/assert-refused.ts"
import { checkShape, routeOf } from "../support/check-answer.ts"
import { Child, type Ended } from "../support/child.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

const missing = ["openssl", "curl"].find((program) => spawnSync(program, ["--version"]).error !== undefined)
const skip = missing === undefined ? false : `there is no ${missing} here`
const PATH = "/usr/bin:/bin"
const platform = `${process.platform}-${process.arch}`

describe("the line of an invitation", { timeout: 600_000, skip }, () => {
  let pool: Pool
  let folder: ScratchFolder
  const children = new Set<Child>()
  before(async () => {
    pool = await startPool({})
    folder = new ScratchFolder()
    folder.write({ "project/hello.txt": "hello\n" })
    const up = await admin("up", "--detach", "--lan", "--port", "0")
    assert.equal(up.exitCode, 0, up.stderr)
    const host = await admin("host", "add", `local:${folder.at("host")}`, "--name", "here")
    assert.equal(host.exitCode, 0, host.stderr)
  })
  after(async () => {
    await Promise.all([...children].map((child) => child[Symbol.asyncDispose]()))
    await admin("down", "--now")
    await pool?.[Symbol.asyncDispose]()
    folder?.[Symbol.dispose]()
  })

  const admin = (...args: string[]): Promise<Ended> => {
    const env = {
      HOME: folder.at("admin"),
      WINDFALL_URL: undefined,
      WINDFALL_TOKEN: undefined,
      WINDFALL_DATA: undefined,
    }
    return pool.windfall(args, { env, cwd: folder.path })
  }
  const invite = async (name: string): Promise<UserInvite> => {
    const { stdout, stderr } = await admin("user", "invite", name, "--json")
    assert.notEqual(stdout, "", stderr)
    const made = JSON.parse(stdout) as UserInvite
    checkShape(routeOf("POST", "/v1/invites/user")!.answer!, made, "an invitation")
    return made
  }
  /** A person with an empty home folder and a plain system. */
  const person = (name: string, options: { shell?: string; path?: string } = {}) => {
    folder.write({ [`${name}/`]: "" })
    const home = folder.at(name)
    const env = { PATH: options.path ?? PATH, HOME: home, SHELL: options.shell ?? "/bin/bash" }
    const start = (command: string, cwd = home) => {
      const child = new Child("/usr/bin/env", ["-i", ...words(env), "sh", "-c", command], { cwd })
      children.add(child)
      return child
    }
    const files = () => filesIn(home)
    return { home, start, run: (command: string, cwd?: string) => start(command, cwd).ended, files }
  }
  const program = ".local/bin/windfall"

  it("installs, logs in, and the installed command line sends a job; uninstall leaves nothing", async () => {
    const anna = person("anna", { shell: "/bin/zsh" })
    const { line, code } = await invite("anna")
    const { exitCode, stdout, stderr } = await anna.run(line)
    assert.equal(exitCode, 0, stderr + stdout)
    assert.match(stdout, /This installs Windfall's command line from https:/)
    assert.match(stdout, /You are anna \(user\) at https:/)
    assert.match(
      stdout,
      /is not on your PATH yet.*\n {2}echo 'export PATH="\$HOME\/\.local\/bin:\$PATH"' >> ~\/\.zshrc; export PATH="\$HOME\/\.local\/bin:\$PATH"\n/,
    )
    assert.match(stdout, /To undo all of it: \S+\/\.local\/bin\/windfall uninstall\n/)
    assert.ok(!(stdout + stderr).includes(code), "the code is not repeated")
    assert.equal((await anna.run(`${program} --version`)).stdout, "windfall 0.1.0\n")

    const sent = await anna.run(
      `../anna/${program} send -q -- sh -c 'cat hello.txt; echo made >made.txt'`,
      folder.at("project"),
    )
    assert.equal(sent.stdout, "hello\n", sent.stderr)
    assert.ok(existsSync(folder.at("project/made.txt")))
    const up = await anna.run(`${program} up`)
    assertRefused(up, /only the command line is installed here/, /from a clone/)

    const again = await anna.run(line)
    assert.equal(again.exitCode, 2)
    assert.match(again.stderr, /Cannot use the code: it was used at/)
    assert.equal((await anna.run(`${program} ps`)).exitCode, 0, "what was there stays")

    const silent = await anna.run(`${program} uninstall </dev/null`)
    assert.equal(silent.exitCode, 2)
    assert.match(silent.stderr, /nothing was removed: with --yes/)
    assert.equal((await anna.run(`${program} ps`)).exitCode, 0)
    const gone = await anna.run(`${program} uninstall --yes`)
    assert.equal(gone.exitCode, 0, gone.stderr)
    for (const what of [
      /^link +\S+\.local\/bin\/windfall$/m,
      /^program and its Node +\S+\/cli$/m,
      /^login +\S+login\.json$/m,
    ]) {
      assert.match(gone.stdout, what)
    }
    assert.deepEqual(anna.files(), [])
  })

  it("whose server shows another certificate runs nothing; a used code installs nothing", async () => {
    const bob = person("bob")
    const { line, code } = await invite("bob")
    const other = await ownCertificate(folder.at("other-tls"), systemClock())
    const impostor = createServer({ cert: other.cert, key: other.key }, (_, answer) => answer.end("touch ran\n"))
    await new Promise<void>((resolve) => impostor.listen(0, "127.0.0.1", resolve))
    try {
      const { port } = impostor.address() as AddressInfo
      const { stderr } = await bob.run(line.replace(/https:\/\/[^/]+/, `https://127.0.0.1:${port}`))
      assert.match(stderr, /curl: \(90\)/)
    } finally {
      impostor.close()
    }
    assert.deepEqual(bob.files(), [])

    const login = await pool.windfall(
      ["login", String(/https:\/\/[^/]+/.exec(line)?.[0]), "--fingerprint", fingerprint(line)],
      {
        env: { HOME: folder.at("bob-elsewhere"), WINDFALL_URL: undefined, WINDFALL_TOKEN: undefined },
        input: `${code}\n`,
      },
    )
    assert.equal(login.exitCode, 0, login.stderr)
    const late = await bob.run(line)
    assert.equal(late.exitCode, 2)
    assert.match(late.stderr, /it was used at/)
    assert.deepEqual(bob.files(), [])
    const mac = JSON.parse((await admin("invite", "mac", "--json")).stdout) as { readonly code: string }
    const otherKind = await bob.run(line.replace(code, mac.code))
    assert.equal(otherKind.exitCode, 2)
    assert.match(otherKind.stderr, /it is not one of this server's\n/)
    assert.equal(otherKind.stdout, "", "it is said before anything is fetched")
    assert.deepEqual(readdirSync(bob.home), [], "not a folder is made")
  })

  it("that is killed or interrupted on the way leaves nothing half done, and can be pasted again", async () => {
    const realCurl = execFileSync("sh", ["-c", "command -v curl"], { encoding: "utf8" }).trim()
    const shim = `#!/bin/sh\n${realCurl} "$@" || exit\ncase "$*" in */node) echo arrived; exec sleep 600 ;; esac\n`
    folder.write({ "slow/curl": shim })
    chmodSync(folder.at("slow/curl"), 0o755)
    const cara = person("cara", { path: `${folder.at("slow")}:${PATH}` })
    const { line } = await invite("cara")
    const cli = folder.at("cara/.local/share/windfall/cli")
    for (const [signal, left] of [
      ["SIGTERM", 0],
      ["SIGKILL", 1],
    ] as const) {
      const child = cara.start(line)
      await child.says("arrived")
      process.kill(-child.pid, signal)
      assert.notEqual((await child.ended).exitCode, 0)
      assert.equal(existsSync(folder.at("cara", program)), false)
      assert.equal(existsSync(cli) ? readdirSync(cli).length : 0, left)
    }
    const whole = await person("cara").run(line)
    assert.equal(whole.exitCode, 0, whole.stderr)
    assert.deepEqual(readdirSync(cli).length, 1, "what the killed one left is gone")
    assert.ok(readlinkSync(folder.at("cara", program)).startsWith(cli))
  })

  it("pasted twice at once installs once: the one that comes too late takes back nothing of the other's", async () => {
    const realCurl = execFileSync("sh", ["-c", "command -v curl"], { encoding: "utf8" }).trim()
    const gate = folder.at("go-on")
    const shim = `#!/bin/sh\n${realCurl} "$@" || exit\ncase "$*" in */node) echo arrived; until [ -e ${gate} ]; do sleep 0.1; done ;; esac\n`
    folder.write({ "gated/curl": shim })
    chmodSync(folder.at("gated/curl"), 0o755)
    const emil = person("emil", { path: `${folder.at("gated")}:${PATH}` })
    const { line } = await invite("emil")
    const late = emil.start(line)
    await late.says("arrived")
    const quick = await person("emil").run(line)
    assert.equal(quick.exitCode, 0, quick.stderr)
    const installed = emil.files()
    folder.write({ "go-on": "" })
    const { exitCode, stderr } = await late.ended
    assert.equal(exitCode, 2)
    assert.match(stderr, /it was used at/)
    const files = (all: readonly string[]) => all.filter((path) => !/new-\d+/.test(path)).sort()
    assert.deepEqual(files(emil.files()), files(installed))
    assert.equal((await emil.run(`${program} ps`)).exitCode, 0)
  })

  it("asks for the headers of a file as often as it likes, and the server keeps nothing open", {
    skip: process.platform !== "linux" && "what a process has open is seen in /proc alone",
  }, async () => {
    const url = /https:\/\/[^/ ]+/.exec((await invite("fritz")).line)?.[0] ?? ""
    const server = readFileSync(folder.at("admin/.local/share/windfall/pid"), "utf8").trim()
    const open = () =>
      readdirSync(`/proc/${server}/fd`).filter((fd) => /bin\/node$/.test(linkAt(`/proc/${server}/fd/${fd}`))).length
    const before = open()
    for (let i = 0; i < 5; i++) execFileSync("curl", ["-skIf", `${url}/v1/install/${platform}/node`])
    assert.equal(open(), before)
  })

  it("touches no program of that name that is somebody else's", async () => {
    const dora = person("dora")
    folder.write({ [`dora/${program}`]: "mine" })
    const { line } = await invite("dora")
    const { exitCode, stderr } = await dora.run(line)
    assert.equal(exitCode, 2)
    assert.match(stderr, /\.local\/bin\/windfall is there already, and is not from an install like this one/)
    assert.equal(existsSync(folder.at("dora/.local/share")), false)
    const refused = await admin("user", "invite", "bob", "--role", "admin")
    assertRefused(refused, /there is one already, with role user/, /Leave --role out/)
    assertRefused(await admin("user", "invite", "eve", "--expires", "90d"), /Cannot read --expires 90d/)
    const { stdout } = await admin("invite", "ls")
    assert.match(stdout, /^c\w{26} +dora +admin +until /m)
    assert.match(stdout, /^c\w{26} +bob +admin +used /m)
    const id = /^(c\w{26}) +dora/m.exec(stdout)?.[1] ?? ""
    assert.equal((await admin("invite", "rm", id)).stdout, `invitation ${id} is taken back\n`)
  })

  it("uninstall --server removes a server's data when it has stopped, and asks for consent", async () => {
    const env = {
      HOME: folder.at("keeper"),
      WINDFALL_URL: undefined,
      WINDFALL_TOKEN: undefined,
      WINDFALL_DATA: undefined,
    }
    const run = (...args: string[]) => pool.windfall(args, { env, cwd: folder.path })
    try {
      assert.equal((await run("up", "--detach", "--port", "0")).exitCode, 0)
      assertRefused(await run("uninstall", "--server", "--yes"), /a server runs there \(process \d+\)/, /windfall down/)
      const add = await run("host", "add", `local:${folder.at("there")}`, "--name", "there")
      assert.equal(add.exitCode, 0, add.stderr)
      assert.equal((await run("down")).exitCode, 0)
      const joined = await run("uninstall", "--server", "--yes")
      assertRefused(joined, /a host is still in its pool \(there\)/, /windfall host rm there/)
    } finally {
      await run("down", "--now")
    }
    for (const args of [[], ["--server"]]) {
      const silent = await run("uninstall", ...args, ...(args.length === 0 ? [] : ["--abandon-hosts"]))
      assert.equal(silent.exitCode, 2, "in a clone, and for a server, somebody must say so")
      assert.match(silent.stdout, /^login +\S+login\.json$/m)
      assert.match(silent.stderr, /nothing was removed: with --yes/)
    }
    assert.ok(existsSync(folder.at("keeper/.local/share/windfall/windfall.db")))
    const gone = await run("uninstall", "--server", "--yes", "--abandon-hosts")
    assert.equal(gone.exitCode, 0, gone.stderr)
    assert.match(gone.stdout, /^server's data +\S+windfall\.db$/m)
    assert.deepEqual(filesIn(folder.at("keeper")), [])
    assert.equal((await run("uninstall", "--yes")).stdout, "There is nothing of Windfall in this account.\n")
  })
})

/** All but the folders that are everybody's. */
function filesIn(home: string): string[] {
  const all = readdirSync(home, { recursive: true, encoding: "utf8" })
  return all.filter((path) => !/^(\.local|\.config|\.cache)(\/\w+)?$/.test(path))
}

function linkAt(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return "" // closed meanwhile
  }
}

function words(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`)
}

function fingerprint(line: string): string {
  return `SHA256:${/sha256\/\/([^=]+)=/.exec(line)?.[1]}`
}
