import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { TerminalPeer } from "../../test/support/terminal-peer.ts"
import { type TerminalHostConfig, terminalHostCommand, terminalHostEnv } from "./terminal-command.ts"
import { connectTerminal, terminalSocketPath } from "./terminal-socket.ts"

const MAIN = `import { runTerminalHost } from ${JSON.stringify(new URL("./terminal-main.ts", import.meta.url).href)}
await runTerminalHost(process.argv.slice(3), process.env)`

const root = mkdtempSync(join(tmpdir(), "windfall-terminal-"))
const running = new Set<ChildProcess>()
const entry = join(root, "main.mjs")
writeFileSync(entry, MAIN)
let folders = 0

after(() => {
  for (const child of running) child.kill("SIGKILL")
  rmSync(root, { recursive: true, force: true })
})

interface Terminal {
  readonly child: ChildProcess
  readonly folder: string
  readonly socketPath: string
  readonly exited: Promise<{ code: number | null; signal: string | null }>
  log(): string
}

/** Starts a PTY host as a supervisor does: standard output is a file, the environment is the job's. */
function startTerminal(
  command: readonly string[],
  config: Partial<TerminalHostConfig> = {},
  env: Readonly<Record<string, string>> = {},
): Terminal {
  const folder = join(root, String(++folders))
  const socketPath = config.socketPath ?? terminalSocketPath(root, String(folders))
  const log = openSync(folder, "a", 0o600)
  const [program, ...args] = terminalHostCommand(
    [process.execPath, entry],
    { socketPath, size: { columns: 80, rows: 24 }, interactive: true, endsWith: null, abandonMs: null, ...config },
    command,
  )
  const child = spawn(program ?? "", args, {
    stdio: ["ignore", log, log],
    detached: true,
    cwd: root,
    env: terminalHostEnv({ PATH: "/usr/bin:/bin", HOME: root, TERM: "xterm-256color", LANG: "C.UTF-8", ...env }),
  })
  closeSync(log)
  running.add(child)
  const exited = once(child, "exit").then(([code, signal]) => {
    running.delete(child)
    return { code: code as number | null, signal: signal as string | null }
  })
  return { child, folder, socketPath, exited, log: () => readFileSync(folder, "latin1") }
}

/** Connects as the agent does: again and again until the PTY host listens. */
async function connectTo(terminal: Terminal) {
  while (true) {
    try {
      return await connectTerminal(terminal.socketPath)
    } catch {
      assert.equal(terminal.child.exitCode, null, terminal.log())
      await sleep(5)
    }
  }
}

const BASH = ["/bin/bash", "--norc", "--noprofile", "-i"]

describe("a PTY host", { concurrency: 2 }, () => {
  test("gives a shell a real terminal: size, resize, TERM, colours, exit code, and records its output", async () => {
    const terminal = startTerminal(BASH, {}, { PS1: "$ ", NODE_OPTIONS: "--no-such-option" })
    const peer = new TerminalPeer()
    assert.equal(await peer.attach(await connectTo(terminal), { columns: 100, rows: 30 }), null)
    peer.type("stty size; echo T=$TERM N=$NODE_OPTIONS; tput colors 2>/dev/null || echo 256; tty | tr a-z A-Z\r")
    await peer.sees(/\/DEV\//)
    assert.match(peer.text, /30 100\r\n/)
    assert.match(peer.text, /T=xterm-256color N=--no-such-option\r\n/)
    assert.match(peer.text, /\n256\r/)
    peer.send({ kind: "resize", columns: 132, rows: 43 })
    peer.type("stty size; printf '\\033[31mred\\033[0m\\n'\r")
    await peer.sees("43 132")
    await peer.sees("\x1b[31mred\x1b[0m")
    peer.type("exit 37\r")
    assert.deepEqual((({ exitCode, signal }) => ({ exitCode, signal }))(await peer.ends()), {
      exitCode: 37,
      signal: null,
    })
    assert.deepEqual(await terminal.exited, { code: 37, signal: null })
    assert.equal(terminal.log(), peer.text)
  })

  test("goes on through cuts at random moments: each byte of output and each key exactly once", async () => {
    const terminal = startTerminal(["/bin/sh", "-c", "stty -echo raw; echo ready; exec cat"])
    const peer = new TerminalPeer()
    await peer.attach(await connectTo(terminal))
    await peer.sees("ready")
    const start = peer.text.length
    const typed: string[] = []
    let unsent: { offset: number; text: string }[] = []
    let offset = 0
    let seed = 20260711
    const random = () => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
      return seed / 0x7fffffff
    }
    for (let round = 0; round < 25; round++) {
      for (let n = 0; n < 1 + random() * 6; n++) {
        const text = `<${typed.length}:${"x".repeat(random() * 300)}>`
        typed.push(text)
        unsent.push({ offset, text })
        peer.send({ kind: "input", offset, bytes: Buffer.from(text) })
        offset += text.length
      }
      if (random() < 0.5) await sleep(random() * 4)
      if (random() < 0.3) peer.cut()
      const input = await peer.attach(await connectTo(terminal))
      assert.ok(input !== null)
      unsent = unsent.filter((one) => one.offset + one.text.length > input)
      for (const one of unsent) peer.send({ kind: "input", offset: one.offset, bytes: Buffer.from(one.text) })
    }
    const all = typed.join("")
    await peer.until(() => peer.text.length - start >= all.length)
    assert.equal(peer.text.slice(start).trimStart(), all)
    peer.send({ kind: "hangup" })
    assert.deepEqual(await terminal.exited, { code: null, signal: "SIGHUP" })
  })

  test("says how much was lost when more came than it keeps while nobody was there", async () => {
    const terminal = startTerminal(["/bin/sh", "-c", "echo begin; read x; seq 1 1000000; echo over; read y"])
    const peer = new TerminalPeer()
    await peer.attach(await connectTo(terminal))
    await peer.sees("begin")
    peer.type("go\r")
    peer.cut()
    while (!terminal.log().endsWith("over\r\n")) await sleep(20)
    await peer.attach(await connectTo(terminal))
    await peer.sees("over")
    assert.ok(peer.lost > 1_000_000, `${peer.lost} lost`)
    const end = terminal.log()
    assert.ok(end.endsWith(peer.text.slice(-4_000_000)))
    assert.equal(peer.next, end.length)
    peer.type("\r")
    await peer.ends()
  })

  test("holds a flood back, and Ctrl-C gets through to it at once", async () => {
    const terminal = startTerminal(BASH, {}, { PS1: "$ " })
    const peer = new TerminalPeer()
    await peer.attach(await connectTo(terminal))
    peer.shows = false
    peer.type("yes; echo stopped\r")
    await peer.until(() => peer.text.length >= 64 * 1024)
    await sleep(100)
    const held = peer.text.length
    assert.ok(held < 70 * 1024, `${held} bytes came though nothing was shown`)
    assert.ok(terminal.log().length < 512 * 1024)
    peer.type("\x03")
    await peer.until(() => peer.taken === peer.typed)
    peer.shows = true
    peer.send({ kind: "shown", offset: peer.next ?? 0 })
    await peer.sees(/\^C/)
    assert.ok(peer.text.length < 512 * 1024, `${peer.text.length} bytes after Ctrl-C`)
    peer.type("exit 3\r")
    assert.equal((await peer.ends()).exitCode, 3)
  })

  test("lets a flood run free when the client is gone, and ends with all output in the log", async () => {
    const terminal = startTerminal(["/bin/sh", "-c", "seq 1 300000; exit 5"])
    assert.deepEqual(await terminal.exited, { code: 5, signal: null })
    const expected = Array.from({ length: 300_000 }, (_, i) => `${i + 1}\r\n`).join("")
    assert.equal(terminal.log(), expected)
  })

  test("ends by the signal its program ended by, and a session's shell ends when asked by SIGTERM", async () => {
    const killed = startTerminal(["/bin/sh", "-c", "kill -9 $$"])
    assert.deepEqual(await killed.exited, { code: null, signal: "SIGKILL" })
    const asked = startTerminal(BASH, {}, { PS1: "$ " })
    const peer = new TerminalPeer()
    await peer.attach(await connectTo(asked))
    await peer.sees("$ ")
    asked.child.kill("SIGTERM")
    assert.deepEqual(await asked.exited, { code: null, signal: "SIGHUP" })
  })

  test("hangs its program up when it is killed", async () => {
    const note = join(root, "hung-up")
    const script = `trap 'echo yes > ${note}; exit' HUP; echo up; while :; do sleep 0.02; done`
    const terminal = startTerminal(["/bin/sh", "-c", script])
    const peer = new TerminalPeer()
    await peer.attach(await connectTo(terminal))
    await peer.sees("up")
    terminal.child.kill("SIGKILL")
    await terminal.exited
    await assert.rejects(peer.ends())
    while (!existsSync(note)) await sleep(5)
    await assert.rejects(connectTerminal(terminal.socketPath))
  })

  test("of a shell beside a job starts with its client's size, and ends with the job or when abandoned", async () => {
    const ends = join(root, "status")
    const beside = startTerminal(BASH, { size: null, endsWith: ends }, { PS1: "$ " })
    const peer = new TerminalPeer()
    await peer.attach(await connectTo(beside), { columns: 61, rows: 17 })
    peer.type("stty size\r")
    await peer.sees("17 61")
    writeFileSync(ends, "")
    assert.deepEqual(await beside.exited, { code: null, signal: "SIGHUP" })
    const abandoned = startTerminal(BASH, { size: null, abandonMs: 50 })
    assert.deepEqual(await abandoned.exited, { code: null, signal: "SIGHUP" })
  })

  test("has one client at a time: a newer one takes the place of the older, which is told", async () => {
    const terminal = startTerminal(BASH, {}, { PS1: "$ " })
    const first = new TerminalPeer("firstclient01234567")
    await first.attach(await connectTo(terminal))
    first.type("echo he''llo\r")
    await first.sees("hello")
    const second = new TerminalPeer("secondclient0123456")
    assert.equal(await second.attach(await connectTo(terminal)), null)
    await second.sees("hello")
    await first.until(() => first.failure !== undefined)
    assert.match(first.failure ?? "", /attached from somewhere else/)
    second.type("exit\r")
    await second.ends()
  })

  test("says in the log why a program cannot start", async () => {
    const terminal = startTerminal(["no-such-program-here"])
    assert.deepEqual(await terminal.exited, { code: 127, signal: null })
    assert.match(terminal.log(), /windfall: no-such-program-here: command not found on this host/)
  })

  test("listens where the folder's path is too long for a socket", { skip: process.platform !== "linux" }, async () => {
    const terminal = startTerminal(["/bin/sh", "-c", "read x; echo got $x"], {
      socketPath: join(root, "..", root.slice(root.lastIndexOf("/") + 1), "./".repeat(60), "long"),
    })
    const peer = new TerminalPeer()
    await peer.attach(await connectTo(terminal))
    peer.type("it\r")
    await peer.sees("got it")
    await terminal.exited
  })
})
