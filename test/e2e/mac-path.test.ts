import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import type { JobView } from "../../src/protocol/job.ts"
import type { LabHost } from "../lab/lab.ts"
import { findLabMode } from "../lab/lab-mode.ts"
import { TerminalUser } from "../support/terminal-user.ts"
import { usePool } from "../support/use-pool.ts"

const GIB = 1024 ** 3
const skip = (await findLabMode()) === "ports" && "this account may not make namespaces here"

/** The agent's way for macOS from end to end: commands instead of /proc, macOS's Perl, no subreaper, `ps` and `lsof` for sweeps. */
describe("jobs on a simulated Mac", { timeout: 600_000, skip }, () => {
  const pool = skip ? undefined : usePool({ hosts: [{ kind: "mac" }], server: { labMacs: true } })
  const the = () => pool!()
  const mac = () => the().hosts[0] as LabHost
  const saying = async (job: JobView, text: string) => {
    const signal = AbortSignal.timeout(60_000)
    while (!(await the().log(job.id)).includes(text)) await delay(30, undefined, { signal })
  }
  const commands = () =>
    mac()
      .processes()
      .map(({ command }) => command)

  test("print, end with a code, and keep the Mac awake as long as they run", async () => {
    const { facts } = await the().host(mac().name)
    assert.deepEqual(
      [facts?.platform, facts?.arch, facts?.chip, facts?.home],
      ["darwin", "arm64", "Apple M3 Ultra", mac().home],
    )
    const line = "uname -s; echo err >&2; [ -e /proc ] || echo no proc; perl -e 'print \"$^O\\n\"'; exit 3"
    const job = await the().submit({ command: ["/bin/sh", "-c", line] })
    const { state, cause, exitCode } = await the().awaitJob(job.id)
    assert.deepEqual([state, cause, exitCode], ["failed", "exited", 3])
    assert.equal(`${await the().log(job.id)}`, "Darwin\nno proc\ndarwin\n")
    assert.equal(`${await the().log(job.id, "stderr")}`, "err\n")
    assert.match(mac().mac.records("caffeinate").at(-1)?.words.join(" ") ?? "", /^-i -s -w \d+$/)
  })

  test("are stopped with all they started, also what left their group; sleep is let go", async () => {
    const tree = "perl -MPOSIX -e 'if (!fork) { POSIX::setsid(); sleep 98 } sleep 97' & sleep 99 & echo up; wait"
    const job = await the().submit({ command: ["/bin/sh", "-c", tree], graceMs: 500 })
    await saying(job, "up")
    assert.ok(commands().some((command) => command.includes("sleep 98")))
    assert.equal((await the().windfall(["stop", `${job.id}`])).exitCode, 0)
    const { state, cause } = await the().awaitJob(job.id)
    assert.deepEqual([state, cause], ["cancelled", "cancelled"])
    // A lookout of caffeinate's comes round four times a second.
    const signal = AbortSignal.timeout(60_000)
    while (commands().some((command) => /sleep 9|caffeinate/.test(command))) await delay(30, undefined, { signal })
  })

  test("who takes more memory than they asked for, on a Mac that runs out of it, are ended", async () => {
    const take = "$| = 1; print 'here;'; my $x = 'a' x 250_000_000; my $y = $x . 'b'; sleep 60"
    const resources = { memoryBytes: 100_000_000, gpus: 0, cores: 1 }
    const job = await the().submit({ command: ["/usr/bin/perl", "-e", take], resources })
    await saying(job, ";")
    // Before, none would start there.
    mac().mac.memory({ freeBytes: 2 * GIB })
    const { cause, attempts } = await the().awaitJob(job.id)
    mac().mac.memory({ freeBytes: 64 * GIB })
    assert.equal(cause, "out_of_memory")
    assert.match(attempts[0]?.message ?? "", /^It held /)
  })

  test("are reached at their ports, and by a terminal", async () => {
    const serve = `require("http").createServer((_, answer) => answer.end("hi")).listen(0, "127.0.0.1", function () { console.log("port " + this.address().port + ";") })`
    const job = await the().submit({ command: [process.execPath, "-e", serve] })
    await saying(job, ";")
    const port = /port (\d+)/.exec(`${await the().log(job.id)}`)?.[1] ?? ""
    await using forward = the().start(["forward", `${job.id}`, port])
    await forward.says("leads to", "stderr")
    const url = /http:\/\/[\d.]+:\d+/.exec(forward.stdout + forward.stderr)?.[0] ?? ""
    assert.equal(await (await fetch(url)).text(), "hi")
    await the().windfall(["stop", `${job.id}`])
    await using user = new TerminalUser(the(), "windfall shell -q --memory 256M; echo code=$?")
    await user.sees(/[$#] $/)
    user.type("stty size; exit 5\r")
    await user.sees("25 90")
    await user.sees("code=5")
  })

  test("nothing of all that leaned on Linux", () => {
    assert.deepEqual(mac().mac.records("gnu"), [])
    assert.deepEqual(mac().mac.records("absent"), [])
  })
})
