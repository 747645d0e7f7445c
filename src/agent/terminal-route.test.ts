import assert from "node:assert/strict"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { duplexPair } from "node:stream"
import { after, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { TerminalPeer } from "../../test/support/terminal-peer.ts"
import { systemClock } from "../base/clock.ts"
import { serveTerminal, type TerminalRouteOptions } from "./terminal-route.ts"

const root = mkdtempSync(join(tmpdir(), "windfall-shell-"))
const entry = join(root, "main.mjs")
writeFileSync(
  entry,
  `import { runTerminalHost } from ${JSON.stringify(new URL("./terminal-main.ts", import.meta.url).href)}
await runTerminalHost(process.argv.slice(3), process.env)`,
)
after(() => rmSync(root, { recursive: true, force: true }))

let jobs = 0

/** An attempt that runs until `end()`, as far as its folder tells. */
function runningJob() {
  const folder = join(root, String(++jobs))
  const work = join(folder, "work")
  mkdirSync(work, { recursive: true })
  let running = true
  let noted = false
  const options: TerminalRouteOptions = {
    program: [process.execPath, entry],
    clock: systemClock(),
    find: (sequence) =>
      sequence !== 7
        ? null
        : {
            folder,
            work,
            hasTerminal: false,
            isRunning: () => running,
            noteShell: () => {
              noted = true
            },
            noteShellHost: () => {},
            env: () => ({ PATH: "/usr/bin:/bin", HOME: root, SHELL: "/bin/bash", PS1: "$ ", WINDFALL_JOB: "12" }),
          },
  }
  const open = (path: string) => {
    const [near, far] = duplexPair()
    void serveTerminal(path, far, options)
    return near
  }
  const end = () => {
    running = false
    writeFileSync(join(folder, "status"), "")
  }
  const gone = async () => {
    while (readdirSync(folder).some((name) => name.startsWith("t-"))) await sleep(20)
  }
  return { folder, work, open, end, gone, noted: () => noted }
}

describe("serveTerminal()", () => {
  test("opens a shell in the job's folder with its environment, keeps it over a cut, hands its end to who comes late", async () => {
    const job = runningJob()
    const peer = new TerminalPeer()
    assert.equal(await peer.attach(job.open("7/shell/myshell0123456789"), { columns: 90, rows: 20 }), null)
    assert.ok(job.noted())
    peer.type("pwd; echo job=$WINDFALL_JOB; stty size; N=mine\r")
    await peer.sees("20 90")
    assert.ok(peer.text.includes(`${job.work}\r\n`))
    assert.ok(peer.text.includes("job=12\r\n"))
    peer.cut()
    assert.equal(await peer.attach(job.open("7/shell/myshell0123456789/again")), peer.typed)
    peer.type("echo still-$N; sleep 0.1; echo la''st; exit 9\r")
    await peer.sees("still-mine")
    peer.cut()
    await sleep(300)
    await peer.attach(job.open("7/shell/myshell0123456789/again"))
    assert.equal((await peer.ends()).exitCode, 9)
    assert.ok(peer.text.includes("last\r\n"))
    await job.gone()
    await peer.attach(job.open("7/shell/myshell0123456789/again"))
    assert.match(peer.failure ?? "", /it ended, or never opened/)
  })

  test("ends the shell and what it started with the job", async () => {
    const job = runningJob()
    const peer = new TerminalPeer()
    await peer.attach(job.open("7/shell/shell1234567890123"))
    peer.type("trap '' HUP; (trap '' HUP; while :; do sleep 0.05; done) & echo pid=$!\r")
    await peer.sees(/pid=\d+/)
    const pid = Number(/pid=(\d+)/.exec(peer.text)?.[1])
    job.end()
    await job.gone()
    while (existsSync(`/proc/${pid}`) && !isZombie(pid)) await sleep(10)
    assert.equal((await peer.ends()).exitCode, null)
  })

  test("says in words why there is no terminal", async () => {
    const job = runningJob()
    const ask = async (path: string) => {
      const peer = new TerminalPeer()
      await peer.attach(job.open(path))
      return peer.failure ?? ""
    }
    assert.match(await ask("7"), /it runs without one/)
    assert.match(await ask("8"), /no longer runs on this host/)
    assert.match(await ask("7/shell/../../x"), /names none/)
    assert.match(await ask("7/shell/never0started1234/again"), /it ended, or never opened/)
    assert.equal(job.noted(), false)
    job.end()
    assert.match(await ask("7/shell/shell1234567890123"), /no longer runs/)
  })
})

function isZombie(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== "linux" || existsSync(`/proc/${pid}/exe`) === false
  } catch {
    return true
  }
}
