import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { AgentHome, eventually } from "../../test/support/agent-home.ts"
import { hostFolder } from "./host-folder.ts"

const MIB = 1024 * 1024

/** A home whose Windfall folder lies on a disk of 24 MiB of its own. Only root may mount one. */
async function withSmallDisk(run: (home: AgentHome) => Promise<void>): Promise<void> {
  const home = new AgentHome()
  mkdirSync(home.root)
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs", home.root])
  try {
    await run(home)
  } finally {
    await home.endProcesses()
    execFileSync("umount", ["-l", home.root])
    await home[Symbol.asyncDispose]()
  }
}

function fill(home: AgentHome): void {
  assert.throws(() => writeFileSync(`${home.root}/filler`, Buffer.alloc(40 * MIB)), { code: "ENOSPC" })
}

/** A job that prints when the test has made `go`, and says so in `printed` when it could. */
function printsWhenTold(home: AgentHome, print: string): string[] {
  return [
    "sh",
    "-c",
    `while ! test -e ${home.at("go")}; do sleep 0.01; done; ${print}; : > ${home.at("printed")}; exit 3`,
  ]
}

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false
  try {
    mkdirSync("/tmp/windfall-can-mount", { recursive: true })
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", "/tmp/windfall-can-mount"], { stdio: "ignore" })
    execFileSync("umount", ["/tmp/windfall-can-mount"])
    return true
  } catch {
    return false
  } finally {
    rmSync("/tmp/windfall-can-mount", { recursive: true, force: true })
  }
}

const skip = canMount() ? false : "a small disk of its own needs root and mount"

test("a job that fills the disk ends with its own exit, durably, and its output so far", { skip }, async () => {
  await withSmallDisk(async (home) => {
    const agent = await home.start()
    agent.startAttempt(1, ["sh", "-c", "head -c 60000000 /dev/zero > big; echo code $?; exit 3"])
    const { exited } = await agent.ended(1)
    assert.deepEqual([exited.exit.cause, exited.exit.exitCode], ["exited", 3])
    assert.equal(agent.text(1), "code 1\n")
    assert.ok(existsSync(home.attempt(1, "status")))
    // The disk is full now: the next one cannot start, and that is said.
    agent.startAttempt(2, ["true"])
    await agent.until(
      () => agent.messages.some((message) => "sequence" in message && message.sequence === 2),
      "word of the second",
    )
    const second = agent.messages.find(
      (message) => message.type === "refused" || (message.type === "exited" && message.sequence === 2),
    )
    if (second?.type === "refused") assert.equal(second.cause, "disk_full")
    // Room again, when the first is forgotten.
    agent.send({ type: "forget", attempt: exited.attempt, sequence: 1 })
    await agent.next("forgotten", 1)
    agent.startAttempt(3, ["true"])
    assert.equal((await agent.ended(3)).exited.exit.exitCode, 0)
  })
})

test("on a full disk a running job can still be stopped, and its end is on the disk", { skip }, async () => {
  await withSmallDisk(async (home) => {
    const agent = await home.start()
    const { attempt } = agent.startAttempt(1, ["sleep", "60"])
    await agent.next("started", 1)
    fill(home)
    agent.send({ type: "stop", attempt, sequence: 1, cause: "cancelled", signal: "SIGTERM", graceMs: 1_000 })
    assert.equal((await agent.ended(1)).exited.exit.cause, "cancelled")
    assert.ok(existsSync(home.attempt(1, "status")))
  })
})

test("an attempt that finds no room to start in is refused with disk_full, in words", { skip }, async () => {
  await withSmallDisk(async (home) => {
    const agent = await home.start()
    fill(home)
    agent.startAttempt(1, ["true"])
    const refused = await agent.next("refused", 1)
    assert.equal(refused.cause, "disk_full")
    assert.match(refused.message, /No space left on device/)
    const { holder } = hostFolder(home.root, home.server)
    assert.ok(!existsSync(holder), "there was no room to note whose the host is")
    rmSync(`${home.root}/filler`)
    agent.startAttempt(2, ["true"])
    await agent.ended(2)
    await eventually(() => {
      agent.session.ping(() => {})
      return existsSync(holder)
    }, "a note, now that there is room")
  })
})

test("who prints on a full disk waits for room, the pool is told, and nothing is lost or repeated", {
  skip,
}, async () => {
  await withSmallDisk(async (home) => {
    const agent = await home.start()
    agent.startAttempt(1, printsWhenTold(home, `perl ${home.job("flood.pl")} ${3 * MIB}; echo err >&2`))
    await agent.next("started", 1)
    fill(home)
    writeFileSync(home.at("go"), "")
    const { message } = await agent.next("notice")
    assert.match(message, /^Cannot write the output of job 1 on its host: No space left on device\./)
    assert.equal(existsSync(home.at("printed")), false)
    assert.ok(existsSync(home.ballast), "there is still room for a stop")
    rmSync(`${home.root}/filler`)
    assert.equal((await agent.ended(1)).exited.exit.exitCode, 3)
    assert.equal(
      agent.text(1),
      Array.from({ length: (3 * MIB) / 64 }, (_, i) => `${`${i}`.padStart(63, "0")}\n`).join(""),
    )
    assert.equal(agent.text(1, "stderr"), "err\n")
  })
})

test("a job that waits for room to print in can be stopped", { skip }, async () => {
  await withSmallDisk(async (home) => {
    const agent = await home.start()
    const { attempt } = agent.startAttempt(1, printsWhenTold(home, `perl ${home.job("flood.pl")} ${3 * MIB}`))
    await agent.next("started", 1)
    fill(home)
    writeFileSync(home.at("go"), "")
    await agent.next("notice")
    agent.send({ type: "stop", attempt, sequence: 1, cause: "cancelled", signal: "SIGTERM", graceMs: 10_000 })
    const { exit } = (await agent.ended(1)).exited
    assert.deepEqual([exit.cause, exit.signal], ["cancelled", 15])
    assert.equal(agent.offset(1, "stdout"), statSync(home.attempt(1, "stdout")).size)
  })
})

test("last words find room on a full disk", { skip }, async () => {
  await withSmallDisk(async (home) => {
    const agent = await home.start()
    agent.startAttempt(1, printsWhenTold(home, "head -c 50000 /dev/zero; head -c 50000 /dev/zero >&2"))
    await agent.next("started", 1)
    fill(home)
    writeFileSync(home.at("go"), "")
    const { exited } = await agent.ended(1)
    assert.deepEqual([exited.exit.exitCode, exited.stdoutBytes, exited.stderrBytes], [3, 50_000, 50_000])
  })
})

test("without any room the exit is durable at once, and the end is told when the last words are in the file", {
  skip,
}, async () => {
  await withSmallDisk(async (home) => {
    const agent = await home.start()
    agent.startAttempt(1, printsWhenTold(home, "head -c 50000 /dev/zero"))
    await agent.next("started", 1)
    rmSync(home.ballast)
    fill(home)
    writeFileSync(home.at("go"), "")
    await eventually(() => existsSync(home.attempt(1, "status")), "its status")
    assert.match(readFileSync(home.attempt(1, "status"), "utf8"), /^windfall-status 1 exited 3 - .* -1 -1 \.\n/)
    await agent.next("notice")
    assert.equal(
      agent.messages.some(({ type }) => type === "exited"),
      false,
    )
    rmSync(`${home.root}/filler`)
    assert.equal((await agent.ended(1)).exited.stdoutBytes, 50_000)
  })
})

test("a stop does not wait for room that never comes", { skip }, async () => {
  await withSmallDisk(async (home) => {
    const agent = await home.start()
    agent.startAttempt(1, printsWhenTold(home, "head -c 500000 /dev/zero"))
    await agent.next("started", 1)
    // On a disk without any room an agent cannot write a stop: this one has its place already.
    writeFileSync(home.attempt(1, "stop"), "nothing yet")
    rmSync(home.ballast)
    fill(home)
    writeFileSync(home.at("go"), "")
    await agent.next("notice")
    writeFileSync(home.attempt(1, "stop"), "15 100 cancelled .\n", { flag: "r+" })
    process.kill(home.supervisor(1), "SIGUSR1")
    const { exited } = await agent.ended(1)
    assert.equal(exited.exit.cause, "cancelled")
    assert.equal(exited.stdoutBytes, statSync(home.attempt(1, "stdout")).size)
  })
})

test("a disk that others fill makes Windfall let go of what no job uses, while jobs run", { skip }, async () => {
  await withSmallDisk(async (home) => {
    const folder = hostFolder(home.root, home.server)
    const [used, unused] = ["a", "b"].map((digit) => `${folder.environments}/${digit.repeat(32)}`) as [string, string]
    for (const place of [used, unused]) {
      mkdirSync(`${place}/venv/bin`, { recursive: true })
      writeFileSync(`${place}/venv/bin/packages`, Buffer.alloc(MIB))
      writeFileSync(`${place}/ready`, `${MIB} 1\n`)
    }
    const clock = home.at("clock")
    writeFileSync(clock, "0 0")
    const agent = await home.start({ clockOffset: `@${clock}` })
    const { disk } = await agent.next("disk")
    assert.equal(disk.held.environments, 2 * MIB)
    assert.ok(disk.budgetBytes > 4 * MIB && disk.budgetBytes < 5 * MIB, `${disk.budgetBytes}`)
    agent.startAttempt(1, ["sh", "-c", `while ! test -e ${home.at("go")}; do sleep 0.01; done`])
    await agent.next("started", 1)
    writeFileSync(home.attempt(1, "environment.json"), JSON.stringify({ uv: "uv", place: used, sources: null }))
    writeFileSync(`${home.root}/others`, Buffer.alloc(18 * MIB))
    writeFileSync(clock, "0 60000")
    await agent.until(
      () => agent.messages.some((message) => message.type === "disk" && message.disk.held.environments === MIB),
      "word that one is gone",
    )
    assert.deepEqual([existsSync(`${used}/ready`), existsSync(unused)], [true, false])
    assert.equal(existsSync(home.attempt(1, "status")), false)
    writeFileSync(home.at("go"), "")
    assert.equal((await agent.ended(1)).exited.exit.exitCode, 0)
  })
})

test("an agent killed while it makes room leaves nothing that counts, and the next one removes the rest", {
  skip,
}, async () => {
  await withSmallDisk(async (home) => {
    const folder = hostFolder(home.root, home.server)
    const place = `${folder.environments}/${"a".repeat(32)}`
    mkdirSync(`${place}/venv/bin`, { recursive: true })
    for (let i = 0; i < 2_000; i++) writeFileSync(`${place}/venv/bin/${i}`, "x".repeat(1_000))
    writeFileSync(`${place}/ready`, `${8 * MIB} 1\n`)
    writeFileSync(`${home.root}/others`, Buffer.alloc(8 * MIB))
    const agent = await home.start()
    await eventually(() => !existsSync(place), "the environment is out of the way")
    agent.process.kill("SIGKILL")
    await agent.gone()
    const next = await home.start()
    assert.equal((await next.next("disk")).disk.held.environments, 0)
    await eventually(() => readdirSync(folder.trash).length === 0, "all of it is gone")
  })
})
