import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, readFileSync, renameSync, rmSync, statSync } from "node:fs"
import { after, before, describe, it } from "node:test"
import { assertRefused } from "../support/assert-refused.ts"
import type { Ended } from "../support/child.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

const skip = spawnSync("openssl", ["version"]).status === 0 ? false : "there is no openssl here"

describe("a server for the lab", { timeout: 600_000, skip }, () => {
  let pool: Pool
  let folder: ScratchFolder
  before(async () => {
    pool = await startPool({})
    folder = new ScratchFolder()
  })
  after(async () => {
    await pool?.[Symbol.asyncDispose]()
    folder?.[Symbol.dispose]()
  })

  const as = (home: string, args: readonly string[], input?: string): Promise<Ended> => {
    const env = { HOME: folder.at(home), WINDFALL_URL: undefined, WINDFALL_TOKEN: undefined, WINDFALL_DATA: undefined }
    return pool.windfall(args, { env, cwd: folder.path, ...(input === undefined ? {} : { input }) })
  }
  const up = async (home: string, ...args: string[]) => {
    const started = await as(home, ["up", "--detach", "--lan", ...args])
    const [, url = "", fingerprint = ""] = /windfall login (\S+)#(\S+)\n/.exec(started.stdout) ?? []
    assert.notEqual(url, "", started.stdout + started.stderr)
    return { said: started.stdout, url, fingerprint, port: new URL(url).port }
  }

  it("is called as it is told to be, where the machine has several addresses", async () => {
    assertRefused(await as("several", ["up", "--address", "10.0.0.1"]), /listens for no others/, /--lan --address 10/)
    assertRefused(await as("several", ["up", "--lan", "--address", "https://x"]), /is no name or address/)
    assertRefused(
      await as("several", ["up", "--lan", "--bind", "10.0.0.1"]),
      /all addresses and on one/,
      /--address 10/,
    )
    for (const no of ["1.2.3.999", "a..b", "x-", "1:2", "[::1]"]) {
      assertRefused(await as("several", ["up", "--lan", "--address", no]), /is no name or address/)
    }
    const { url } = await up("several", "--port", "0", "--address", "127.0.0.3")
    try {
      assert.match(url, /^https:\/\/127\.0\.0\.3:\d+$/)
      const { stdout } = await as("several", ["invite", "mac"])
      assert.ok(stdout.includes(`${url}/join.sh`), stdout)
    } finally {
      assert.match((await as("several", ["down"])).stdout, /up --detach --lan --address 127\.0\.0\.3 --port 0\n/)
    }
  })

  it("makes its certificate once, and is known by it under every address; another one is refused", async () => {
    const first = await up("admin", "--port", "0")
    try {
      const [token = ""] = /wf_\S+/.exec(first.said) ?? []
      assert.doesNotMatch(first.url, /127\.0\.0\.1|localhost/, "an address for others")
      const tls = folder.at("admin/.local/share/windfall/tls")
      assert.equal(statSync(`${tls}/key.pem`).mode & 0o777, 0o600)
      assert.equal((await as("admin", ["user", "ls"])).exitCode, 0, "logged in where it was started")

      const wrong = `SHA256:${"A".repeat(43)}`
      const refused = await as("lena", ["login", first.url, "--fingerprint", wrong], `${token}\n`)
      assertRefused(refused, /its certificate is not the one of SHA256:AAAA/, /somebody may be in between/)
      assertRefused(await as("lena", ["login", `${first.url}#SHA256:x`], token), /behind the #/, /as windfall up shows/)
      assertRefused(await as("lena", ["login", first.url], token), /nobody this machine trusts/, /--fingerprint/)
      assert.equal(existsSync(folder.at("lena/.config/windfall/login.json")), false)
      for (const at of [`${first.url}#${first.fingerprint}`, `https://127.0.0.2:${first.port}#${first.fingerprint}`]) {
        const login = await as("lena", ["login", at], `${token}\n`)
        assert.equal(login.exitCode, 0, login.stderr)
        assert.equal((await as("lena", ["user", "ls"])).exitCode, 0)
      }

      const stopped = await as("admin", ["down"])
      assert.match(stopped.stdout, /Start it again: windfall up --detach --lan --port 0\n/)
      const again = await up("admin", "--port", first.port)
      assert.equal(again.fingerprint, first.fingerprint)
      assert.equal((await as("lena", ["user", "ls"])).exitCode, 0)

      await as("admin", ["down"])
      renameSync(tls, `${tls}.before`)
      const anew = await up("admin", "--port", first.port)
      assert.notEqual(anew.fingerprint, first.fingerprint)
      const changed = await as("lena", ["user", "ls"])
      assertRefused(changed, /its certificate is not the one of SHA256/, /fingerprint, which windfall up shows/)
      assert.ok(changed.stderr.includes(first.fingerprint))
      rmSync(tls, { recursive: true })
    } finally {
      await as("admin", ["down", "--now"])
    }
  })

  it("is followed by the login of its own account to another port and certificate; no copy of it and no other server is", async () => {
    const login = () => readFileSync(folder.at("keeper/.config/windfall/login.json"), "utf8")
    const first = await up("keeper", "--port", "0")
    const { token } = JSON.parse(login()) as { token: string }
    try {
      await as("keeper", ["down"])
      const second = await up("keeper", "--port", "0")
      assert.notEqual(second.port, first.port)
      const follows = `Your login leads there now, to https://127.0.0.1:${second.port}; its token is the same\n`
      assert.ok(second.said.includes(follows), second.said)
      assert.equal((await as("keeper", ["host", "ls"])).exitCode, 0)

      await as("keeper", ["down"])
      const pem = ["-keyout", folder.at("lab.key"), "-out", folder.at("lab.pem")]
      const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", ...pem]
      const made = spawnSync("openssl", [...words, "-days", "2", "-subj", "/CN=lab.invalid"])
      assert.equal(made.status, 0, String(made.stderr))
      const tls = ["--tls-cert", folder.at("lab.pem"), "--tls-key", folder.at("lab.key")]
      const third = await as("keeper", ["up", "--detach", "--port", second.port, ...tls])
      assert.match(third.stdout, /Your login leads there now/, third.stderr)
      assert.equal((await as("keeper", ["host", "ls"])).exitCode, 0)
      assert.equal((JSON.parse(login()) as { token: string }).token, token)

      await as("keeper", ["down"])
      const before = login()
      cpSync(folder.at("keeper/.local/share/windfall"), folder.at("copy"), { recursive: true })
      for (const data of ["copy", "another"]) {
        const other = await as("keeper", ["up", "--detach", "--port", "0", "--data", folder.at(data)])
        assert.equal(other.exitCode, 0, other.stderr)
        assert.doesNotMatch(other.stdout, /Your login/)
        assert.equal(login(), before)
        await as("keeper", ["down", "--data", folder.at(data)])
      }
    } finally {
      await as("keeper", ["down", "--now"])
      for (const data of ["copy", "another"]) await as("keeper", ["down", "--now", "--data", folder.at(data)])
    }
  })

  it("refuses a start that says two things", async () => {
    const both = await as("other", ["up", "--lan", "--bind", "127.0.0.1"])
    assertRefused(both, /on all addresses and on one/, /.*/)
    assert.equal(existsSync(folder.at("other/.local/share/windfall")), false)
  })

  it("runs a job for who is logged in by its fingerprint", async () => {
    const started = await up("owner", "--port", "0")
    try {
      const host = await as("owner", ["host", "add", `local:${folder.at("host")}`, "--name", "here"])
      assert.equal(host.exitCode, 0, host.stderr)
      const sent = await as("owner", ["send", "-q", "--no-folder", "--", "echo", "over TLS"])
      assert.equal(sent.stdout, "over TLS\n", sent.stderr)
      const login = JSON.parse(readFileSync(folder.at("owner/.config/windfall/login.json"), "utf8")) as object
      assert.deepEqual(Object.keys(login).sort(), ["ca", "fingerprint", "token", "url"])
      assert.ok(started.url.startsWith("https://"))
    } finally {
      await as("owner", ["down", "--now"])
    }
  })
})
