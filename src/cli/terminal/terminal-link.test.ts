import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Duplex, duplexPair } from "node:stream"
import { after, before, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { terminalHostCommand } from "../../agent/terminal-command.ts"
import { serveTerminal, type TerminalAttempt } from "../../agent/terminal-route.ts"
import { terminalSocketPath } from "../../agent/terminal-socket.ts"
import { systemClock } from "../../base/clock.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { createTerminals, type Terminals, type TerminalsOptions } from "../../server/terminals/terminals.ts"
import { TerminalLink } from "./terminal-link.ts"
import { openWebSocket } from "./web-socket.ts"

/** The whole way of a terminal but ssh: WebSocket, server, stream, agent's route, PTY host, a real program. */
class Way {
  root = ""
  readonly links = new Set<Duplex>()
  #entry = ""
  readonly #http = createServer()
  readonly #jobs = new Map<number, TerminalAttempt & { user: string; pty: boolean }>()
  readonly #looks = new Set<() => void>()
  #isFayRevoked = false
  terminals!: Terminals
  url = ""

  async open(): Promise<void> {
    this.root = mkdtempSync(join(tmpdir(), "windfall-link-"))
    this.#entry = join(this.root, "main.mjs")
    const main = new URL("../../agent/terminal-main.ts", import.meta.url).href
    writeFileSync(
      this.#entry,
      `import { runTerminalHost } from ${JSON.stringify(main)}\nawait runTerminalHost(process.argv.slice(3), process.env)`,
    )
    this.serve()
    this.#http.on("upgrade", (request, socket, head) => this.terminals.upgrade(request, socket, head))
    this.#http.listen(0, "127.0.0.1")
    await once(this.#http, "listening")
    this.url = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  /** A server's terminals, anew as after a restart. */
  serve(): void {
    const core = {
      signal: new AbortController().signal,
      followers: {
        onAccounts: (look: () => void) => {
          this.#looks.add(look)
          return () => this.#looks.delete(look)
        },
      },
      table: {
        get: (id: number) => {
          const job = this.#jobs.get(id)
          if (job === undefined) throw new WindfallError("job_not_found", `Cannot find job ${id}`)
          const attempts = [{ hostId: "h", sequence: id }]
          return { id, user: job.user, spec: { pty: job.pty ? {} : null }, state: "running", attempts }
        },
      },
      fleet: {
        get: () => ({
          reason: "no answer",
          record: { name: "studio-1" },
          channel: { openTerminal: (path: string) => this.#openTerminal(path) },
        }),
      },
    }
    this.terminals = createTerminals({
      core: core as unknown as TerminalsOptions["core"],
      authenticate: (header) => {
        if (header === "Bearer ada") return { user: "ada", role: "user" }
        if (header === "Bearer fay" && !this.#isFayRevoked) return { user: "ada", role: "user" }
        if (header === "Bearer bob") return { user: "bob", role: "user" }
        if (header === "Bearer root") return { user: "root", role: "admin" }
        throw new WindfallError("not_logged_in", "Cannot do that: the token is unknown")
      },
    })
  }

  /** A job under a PTY host, or one without a terminal when `command` is empty. */
  async start(id: number, command: readonly string[]): Promise<{ exited: Promise<number | null> }> {
    const folder = join(this.root, String(id))
    mkdirSync(folder)
    const env = { PATH: "/usr/bin:/bin", HOME: folder, SHELL: "/bin/bash", PS1: "$ ", TERM: "xterm-256color" }
    let running = true
    this.#jobs.set(id, {
      user: "ada",
      pty: command.length > 0,
      folder,
      work: folder,
      hasTerminal: command.length > 0,
      isRunning: () => running,
      noteShell: () => undefined,
      noteShellHost: () => undefined,
      env: () => env,
    })
    if (command.length === 0) return { exited: Promise.resolve(null) }
    const socketPath = terminalSocketPath(folder, null)
    const config = { socketPath, size: { columns: 80, rows: 24 }, interactive: true, endsWith: null, abandonMs: null }
    const [file = "", ...args] = terminalHostCommand([process.execPath, this.#entry], config, command)
    const child = spawn(file, args, { env, cwd: folder, detached: true, stdio: "ignore" })
    const exited = once(child, "exit").then(([code]) => {
      running = false
      return code as number | null
    })
    return { exited }
  }

  link(id: number, options: Partial<ConstructorParameters<typeof TerminalLink>[0]> = {}) {
    const shown: string[] = []
    const news: string[] = []
    const link = new TerminalLink({
      client: `client${id}aaaaaaaaaaaaaaaa`,
      term: "xterm-256color",
      size: () => ({ columns: 80, rows: 24 }),
      clock: systemClock(),
      random: Math.random,
      open: () =>
        openWebSocket({ url: this.url, token: "ada" }, `/v1/jobs/${id}/terminal`, new AbortController().signal),
      show: async (bytes) => void shown.push(Buffer.from(bytes).toString("latin1")),
      onTaken: () => undefined,
      tell: (one) => void news.push(one.kind),
      ...options,
    })
    return { link, news, text: () => shown.join("") }
  }

  /** Ends the token "fay", another one of ada's. */
  revokeFay(): void {
    this.#isFayRevoked = true
    for (const look of this.#looks) look()
  }

  cutHostLinks(): void {
    for (const stream of this.links) stream.destroy()
  }

  async close(): Promise<void> {
    this.terminals.close()
    this.cutHostLinks()
    this.#http.closeAllConnections()
    this.#http.close()
    await once(this.#http, "close")
    rmSync(this.root, { recursive: true, force: true })
  }

  #openTerminal(path: string): Duplex {
    const [near, far] = duplexPair()
    this.links.add(near)
    near.once("close", () => this.links.delete(near))
    void serveTerminal(path, far, {
      find: (sequence) => this.#jobs.get(sequence) ?? null,
      program: [process.execPath, this.#entry],
      clock: systemClock(),
    })
    // A link that breaks ends both of its sides.
    near.once("close", () => far.destroy())
    far.once("close", () => near.destroy())
    return near
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5)
}

describe("a terminal from the command line to the host", () => {
  const way = new Way()
  before(() => way.open())
  after(() => way.close())

  test("loses no key and no byte, and repeats none, when links and servers break at random", async () => {
    const { exited } = await way.start(1, ["/bin/sh", "-c", "stty -echo raw; echo ready; exec cat"])
    const { link, text } = way.link(1)
    const running = link.run(new AbortController().signal)
    await until(() => text().includes("ready"))
    const start = text().length
    let sent = ""
    for (let round = 0; round < 30; round++) {
      for (let n = 0; n < 4; n++) {
        const keys = `<${round}.${n}${"k".repeat(Math.random() * 200)}>`
        sent += keys
        link.type(Buffer.from(keys))
        if (Math.random() < 0.3) await sleep(Math.random() * 5)
      }
      if (Math.random() < 0.5) way.cutHostLinks()
      else if (Math.random() < 0.4) {
        way.terminals.close()
        way.serve()
      }
    }
    await until(() => text().length - start >= sent.length)
    assert.equal(text().slice(start).trimStart(), sent)
    link.hangup()
    assert.equal((await running).kind, "exit")
    await exited
  })

  test("types ahead while the terminal opens, and ends with the program's exit code", async () => {
    const { exited } = await way.start(2, ["/bin/bash", "--norc", "--noprofile"])
    const { link, text, news } = way.link(2)
    link.type(Buffer.from("echo typed-a''head; exit 4\r"))
    const end = await link.run(new AbortController().signal)
    assert.deepEqual(end.kind === "exit" && end.exit.exitCode, 4)
    assert.ok(text().includes("typed-ahead"))
    assert.deepEqual(news, [])
    assert.equal(await exited, 4)
  })

  test("says how many keys were lost when the terminal there is another one", async () => {
    const first = await way.start(3, ["/bin/sh", "-c", "stty -echo raw; echo one; exec sleep 100"])
    let there = 3
    const { link, text, news } = way.link(3, {
      open: () =>
        openWebSocket({ url: way.url, token: "ada" }, `/v1/jobs/${there}/terminal`, new AbortController().signal),
    })
    const running = link.run(new AbortController().signal)
    await until(() => text().includes("one"))
    await way.start(4, ["/bin/bash", "--norc", "--noprofile"])
    there = 4
    way.cutHostLinks()
    link.type(Buffer.from("echo must not arrive\r"))
    await until(() => news.includes("back"))
    assert.deepEqual(news, ["away", "lost_input", "back"])
    link.type(Buffer.from("echo arr''ives; exit\r"))
    await running
    assert.ok(text().includes("arrives"))
    assert.ok(!text().includes("must not arrive"))
    const last = way.link(3)
    const ending = last.link.run(new AbortController().signal)
    last.link.hangup()
    await ending
    await first.exited
  })

  test("is open to its owner and admins only, and each refusal says why", async () => {
    await way.start(5, [])
    const ask = (token: string, path: string) =>
      openWebSocket({ url: way.url, token }, path, new AbortController().signal).then(
        () => "opened",
        (error) => `${(error as WindfallError).code}: ${(error as Error).message}`,
      )
    assert.match(await ask("eve", "/v1/jobs/5/terminal"), /^not_logged_in/)
    assert.match(await ask("ada", "/v1/jobs/99/terminal"), /^job_not_found/)
    assert.match(await ask("ada", "/v1/jobs/5/terminal"), /^wrong_state: .*runs without a terminal/)
    assert.match(await ask("ada", "/v1/jobs/5/shell?id=short"), /^invalid_input/)
    assert.match(await ask("ada", "/v1/nothing"), /^route_not_found/)
    const down = openWebSocket(
      { url: "http://127.0.0.1:1", token: "ada" },
      "/v1/jobs/5/terminal",
      new AbortController().signal,
    )
    await assert.rejects(down, (error: WindfallError) => error.code === "server_unreachable")
  })

  test("is closed at once when the token is revoked, and no other's is", async () => {
    const { exited } = await way.start(7, ["/bin/sh", "-c", "stty -echo raw; echo ready; exec cat"])
    const signal = new AbortController().signal
    const fay = way.link(7, {
      open: () => openWebSocket({ url: way.url, token: "fay" }, "/v1/jobs/7/terminal", signal),
    })
    const running = fay.link.run(signal)
    await until(() => fay.text().includes("ready"))
    way.revokeFay()
    const end = await running
    assert.ok(end.kind === "gone" && end.error.code === "not_logged_in" && end.wasAttached)
    const ada = way.link(7)
    const ending = ada.link.run(signal)
    await until(() => ada.text().includes("ready"))
    way.revokeFay()
    ada.link.type(Buffer.from("still here"))
    await until(() => ada.text().includes("still here"))
    ada.link.hangup()
    assert.equal((await ending).kind, "exit")
    await exited
  })

  test("of somebody else's job is refused, but not to an admin", async () => {
    const { exited } = await way.start(6, ["/bin/bash", "--norc", "--noprofile"])
    const bob = way.link(6, {
      open: () => openWebSocket({ url: way.url, token: "bob" }, "/v1/jobs/6/terminal", new AbortController().signal),
    })
    const refused = await bob.link.run(new AbortController().signal)
    assert.ok(refused.kind === "gone" && refused.error.code === "not_allowed")
    const other = way.link(6, {
      open: () => openWebSocket({ url: way.url, token: "root" }, "/v1/jobs/6/terminal", new AbortController().signal),
    })
    other.link.type(Buffer.from("exit 6\r"))
    const end = await other.link.run(new AbortController().signal)
    assert.ok(end.kind === "exit" && end.exit.exitCode === 6)
    await exited
  })
})
