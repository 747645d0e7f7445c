import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import { findSshd } from "../../src/ssh/sshd-binary.ts"
import { type LoopbackSshd, startLoopbackSshd } from "../../src/try/loopback-sshd.ts"
import { assertRefused } from "../support/assert-refused.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

const CACHE = join(import.meta.dirname, "../../.cache")

/** The account's own ssh and configuration, as far as a test may have one: ssh looks for it where the account lives. */
describe("a login through ssh", { timeout: 600_000 }, () => {
  let pool: Pool
  let folder: ScratchFolder
  let sshd: LoopbackSshd | undefined
  before(async () => {
    pool = await startPool({ local: 1 })
    folder = new ScratchFolder()
    for (const name of ["sshd", "far-home"]) mkdirSync(folder.at(name), { mode: 0o700 })
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", folder.at("id")])
    const signal = AbortSignal.timeout(60_000)
    const start = async () =>
      startLoopbackSshd({
        folder: folder.at("sshd"),
        home: folder.at("far-home"),
        sshd: await findSshd(CACHE, signal),
        authorizedKey: readFileSync(folder.at("id.pub"), "utf8").trim(),
        signal,
      })
    sshd = await start().catch(() => undefined)
    const real = execFileSync("sh", ["-c", "command -v ssh"], { encoding: "utf8" }).trim()
    folder.write({
      "bin/ssh": `#!/bin/sh\necho started >>'${folder.at("starts")}'\nexec ${real} -F '${folder.at("config")}' "$@"\n`,
    })
    chmodSync(folder.at("bin/ssh"), 0o755)
    configure(folder.at("id"))
    writeFileSync(folder.at("known"), `[127.0.0.1]:${sshd?.port} ${sshd?.hostKey}\n`)
  })
  after(async () => {
    // Also ends every ssh that a failed test has left.
    await windfall(["uninstall", "--yes"])
    await pool?.[Symbol.asyncDispose]()
    await sshd?.[Symbol.asyncDispose]()
    folder?.[Symbol.dispose]()
  })

  const configure = (identity: string) =>
    writeFileSync(
      folder.at("config"),
      `Host lab\n  HostName 127.0.0.1\n  Port ${sshd?.port}\n  User ${sshd?.user}\n  IdentityFile ${identity}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${folder.at("known")}\n  StrictHostKeyChecking ask\n`,
    )
  const windfall = (args: readonly string[], input?: string) => {
    const PATH = `${folder.at("bin")}:${process.env.PATH}`
    const env = {
      HOME: folder.at("anna"),
      PATH,
      WINDFALL_URL: undefined,
      WINDFALL_TOKEN: undefined,
      SSH_AUTH_SOCK: undefined,
    }
    return pool.windfall(args, { env, cwd: folder.path, ...(input === undefined ? {} : { input }) })
  }
  const starts = () => readFileSync(folder.at("starts"), "utf8").split("\n").length - 1
  const port = () => new URL(pool.url).port
  const ways = () => folder.at("anna/.local/state/windfall/ways")

  it("opens one ssh that all commands use, also when it has ended meanwhile", async (t) => {
    if (sshd === undefined) return t.skip("no sshd can be had here")
    const login = await windfall(["login", `ssh://lab/${port()}`], `${pool.token}\n`)
    assert.equal(login.exitCode, 0, login.stderr)
    assert.match(login.stdout, new RegExp(`You are admin \\(admin\\) at ssh://lab/${port()}\\.`))
    assert.equal(statSync(ways()).mode & 0o077, 0)
    const sent = await windfall(["send", "-q", "--no-folder", "--", "echo", "through ssh"])
    assert.equal(sent.stdout, "through ssh\n", sent.stderr)
    const several = await Promise.all([1, 2, 3].map(() => windfall(["ps"])))
    assert.deepEqual(
      several.map(({ exitCode }) => exitCode),
      [0, 0, 0],
    )
    assert.equal(starts(), 1, "one ssh for all of it")

    const [control = ""] = readdirSync(ways()).filter((name) => name.endsWith(".way"))
    execFileSync("ssh", ["-S", join(ways(), control), "-O", "exit", "way"], { stdio: "ignore" })
    assert.equal((await windfall(["ps"])).exitCode, 0)
    assert.equal(starts(), 2)
    assert.equal((await windfall(["logout"])).exitCode, 0)
    assert.deepEqual(readdirSync(ways()), [])
  })

  it("that cannot be says whether ssh or the server is what is missing", async (t) => {
    if (sshd === undefined) return t.skip("no sshd can be had here")
    const login = (at: string) => windfall(["login", at], "token\n")
    assertRefused(await login("ssh://lab/1"), /no server listens on that port/, /windfall up --detach/)
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", folder.at("stranger")])
    configure(folder.at("stranger"))
    assertRefused(await login(`ssh://lab/${port()}`), /does not get in there without asking you/, /ssh-copy-id lab/)
    configure(folder.at("id"))
    assertRefused(await login("ssh://nobody.invalid"), /ssh does not know the name/, /ssh nobody\.invalid/)
    writeFileSync(folder.at("known"), "")
    assertRefused(await login(`ssh://lab/${port()}`), /does not know its host key yet/, /compare the key: ssh lab/)
    assertRefused(await login("ssh://-oX"), /it is no ssh address/, /Write ssh:/)
    const pinned = await windfall(["login", "ssh://lab", "--fingerprint", `SHA256:${"A".repeat(43)}`], "token\n")
    assertRefused(pinned, /Cannot check a certificate through ssh/, /Leave --fingerprint out/)
    assert.equal(existsSync(folder.at("anna/.config/windfall/login.json")), false)
  })
})
