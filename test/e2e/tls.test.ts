import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, readFileSync } from "node:fs"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { hostname } from "node:os"
import { after, before, describe, it } from "node:test"
import type { Ended } from "../support/child.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

/** A lab's own authority and what it has signed, made with openssl as an admin would. */
class Authority {
  readonly #folder: ScratchFolder

  constructor(folder: ScratchFolder) {
    this.#folder = folder
    this.#openssl("req", "-x509", ...KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Lab")
  }

  /** @returns what `up` is to be told */
  sign(name: string, subjects: string, days = 2): string[] {
    this.#openssl("req", ...KEY, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`)
    this.#folder.write({ [`${name}.ext`]: `subjectAltName=${subjects}\n` })
    const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", `${days}`]
    this.#openssl("x509", "-req", "-in", `${name}.csr`, ...signing, "-out", `${name}.pem`, "-extfile", `${name}.ext`)
    return this.using(name, name)
  }

  using(cert: string, key: string): string[] {
    return ["--tls-cert", this.#folder.at(`${cert}.pem`), "--tls-key", this.#folder.at(`${key}.key`)]
  }

  lock(name: string): void {
    this.#openssl("pkey", "-in", `${name}.key`, "-aes256", "-passout", "pass:x", "-out", "locked.key")
  }

  #openssl(...args: string[]): void {
    execFileSync("openssl", args, { cwd: this.#folder.path, stdio: "ignore" })
  }
}

const skip = spawnSync("openssl", ["version"]).status === 0 ? false : "there is no openssl here"

describe("a server with a certificate", { timeout: 600_000, skip }, () => {
  let pool: Pool
  let folder: ScratchFolder
  let authority: Authority
  before(async () => {
    pool = await startPool({})
    folder = new ScratchFolder()
    authority = new Authority(folder)
  })
  after(async () => {
    await pool?.[Symbol.asyncDispose]()
    folder?.[Symbol.dispose]()
  })

  /** Somebody with a home folder of their own and no login yet. */
  const as = (home: string, args: readonly string[], input?: string): Promise<Ended> => {
    const env = { HOME: folder.at(home), WINDFALL_URL: undefined, WINDFALL_TOKEN: undefined, WINDFALL_DATA: undefined }
    return pool.windfall(args, { env, cwd: folder.path, ...(input === undefined ? {} : { input }) })
  }
  const up = (home: string, ...args: string[]) => as(home, ["up", "--detach", "--port", "0", ...args])
  const assertRefused = ({ exitCode, stderr }: Ended, message: RegExp, hint: RegExp) => {
    assert.equal(exitCode, 2, stderr)
    const [first = "", second = ""] = stderr.split("\n")
    assert.match(first, message)
    assert.match(second, hint)
  }

  it("is what a wider bind takes; one that no client would accept is refused, and nothing is made", async () => {
    authority.sign("lab", "DNS:localhost,IP:127.0.0.1")
    authority.sign("other", "DNS:other.example")
    authority.lock("lab")
    const refusals: [args: string[], message: RegExp, hint: RegExp][] = [
      [[], /Cannot listen on 0\.0\.0\.0: tokens would cross the network unencrypted/, /--tls-cert and --tls-key/],
      [["--tls-cert", "lab.pem"], /it takes both/, /--tls-key/],
      [authority.using("none", "lab"), /none\.pem: there is no such file/, /can read/],
      [["--tls-cert", "lab.key", "--tls-key", "lab.pem"], /lab\.key: it holds no certificate/, /mixed up/],
      [["--tls-cert", "lab.csr", "--tls-key", "lab.key"], /lab\.csr: it holds no certificate/, /openssl x509/],
      [["--tls-cert", "lab.pem", "--tls-key", "lab.pem"], /lab\.pem: it holds no private key/, /BEGIN PRIVATE KEY/],
      [authority.using("lab", "other"), /other\.key: it is not the key of \S+lab\.pem/, /made with/],
      [authority.using("lab", "locked"), /locked\.key: it is locked with a passphrase/, /openssl pkey/],
      [authority.sign("old", "DNS:localhost", -1), /old\.pem: it expired on \d{4}-\d\d-\d\d/, /renewed/],
    ]
    for (const [args, message, hint] of refusals) {
      assertRefused(await up("refused", "--bind", "0.0.0.0", ...args), message, hint)
    }
    assert.equal(existsSync(folder.at("refused/.local/share/windfall/windfall.db")), false)
  })

  it("that has expired since is told from an unknown one", async () => {
    const [, cert = "", , key = ""] = authority.sign("expired", "DNS:localhost", -1)
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) })
    await once(server.listen(0, "localhost"), "listening")
    try {
      const { port } = server.address() as AddressInfo
      const answer = await as("lena", ["login", `https://localhost:${port}`, "--ca", "ca.pem"], "token\n")
      assertRefused(answer, /its certificate has expired/, /renew it/)
    } finally {
      server.close()
    }
  })

  it("serves those who trust its authority and meet it by its name; others are told what is wrong", async () => {
    const started = await up("admin", "--bind", "0.0.0.0", ...authority.sign("server", "DNS:localhost,IP:127.0.0.1"))
    try {
      assert.equal(started.exitCode, 0, started.stderr)
      const [, url = "", port = ""] = /Windfall runs at (https:\/\/localhost:(\d+));/.exec(started.stdout) ?? []
      const [token = ""] = /wf_\S+/.exec(started.stdout) ?? []
      assert.match(started.stdout, /You are logged in with it/)
      assert.match(started.stderr, new RegExp(`windfall login https://${hostname()}:${port}\n`, "i"))
      const host = await as("admin", ["host", "add", `local:${folder.at("host")}`, "--name", "here"])
      assert.equal(host.exitCode, 0, host.stderr)

      const login = (home: string, at: string, ...ca: string[]) => as(home, ["login", at, ...ca], `${token}\n`)
      const ca = ["--ca", "ca.pem"]
      assertRefused(await login("lena", url), /nobody this machine trusts has signed its certificate/, /--ca FILE/)
      assertRefused(await login("lena", url, "--ca", "other.pem"), /not signed by the authority/, /--ca FILE/)
      assertRefused(await login("lena", url, "--ca", "ca.key"), /no certificate in PEM form/, /authority/)
      assertRefused(await login("lena", `localhost:${port}`), /the connection broke/, /login https:\/\/localhost/)
      assertRefused(
        await login("lena", `https://${hostname()}:${port}`, ...ca),
        /its certificate is not for \S+ but for localhost, 127\.0\.0\.1/,
        /a name that the certificate has/,
      )
      assertRefused(await login("lena", pool.url.replace("http:", "https:")), /does not speak TLS/, /login http:/)
      assert.equal(existsSync(folder.at("lena/.config/windfall/login.json")), false)

      for (const [home, at, file] of [
        ["lena", url, "ca.pem"],
        ["max", `https://127.0.0.1:${port}`, "server.pem"],
      ] as const) {
        const right = await login(home, at, "--ca", file)
        assert.equal(right.exitCode, 0, right.stderr)
        const sent = await as(home, ["send", "-q", "--no-folder", "--", "echo", "over TLS"])
        assert.equal(sent.stdout, "over TLS\n", sent.stderr)
      }
    } finally {
      await as("admin", ["down", "--now"])
    }
  })
})
