import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { describe, it } from "node:test"
import { eventually, fileText, isThere } from "../../../test/support/agent-home.ts"
import { makeOrder } from "../../../test/support/agent-orders.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { Attempt } from "../attempt.ts"
import { linuxPlatform } from "../platform/linux.ts"
import { continueTree, holdTrees, membersOf, stopTrees } from "./stop-trees.ts"

const JOBS = new URL("../../../test/fixtures/jobs/", import.meta.url).pathname
const CONTEXT = {
  platform: { ...linuxPlatform(), sweepIsTotal: false },
  forker: { pid: undefined },
} as never as Parameters<typeof stopTrees>[0]

/** A command below something that stands for its supervisor. */
class Tree implements AsyncDisposable {
  readonly scratch: ScratchFolder
  readonly attempt: Attempt
  readonly #top: ChildProcess

  private constructor(top: ChildProcess, scratch: ScratchFolder) {
    this.scratch = scratch
    this.#top = top
    const order = makeOrder(1, ["true"])
    this.attempt = new Attempt(order.attempt, order.job, 1, scratch.path, order)
    this.attempt.phase = "running"
  }

  static async start(command: (scratch: ScratchFolder) => readonly string[]): Promise<Tree> {
    const scratch = new ScratchFolder()
    // As the supervisor does: a session of its own, and the command in a group of its own.
    const program =
      "use POSIX; my $pid = fork; if (!$pid) { setpgrp(0, 0); exec @ARGV } setpgrp($pid, $pid); $SIG{TERM} = 'IGNORE'; print \"$pid\\n\"; $| = 1; 1 while wait > 0 || 1 && sleep 1"
    const top = spawn("perl", ["-e", program, ...command(scratch)], {
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
      cwd: scratch.path,
    })
    const tree = new Tree(top, scratch)
    await once(top.stdout!, "data")
    const row = (await CONTEXT.platform.processes()).find(({ pid }) => pid === top.pid)!
    const child = (await CONTEXT.platform.processes()).find(({ ppid }) => ppid === top.pid)!
    tree.attempt.supervisor = { pid: row.pid, start: row.start }
    tree.attempt.group = child.pid
    return tree
  }

  async members() {
    return membersOf(CONTEXT, await CONTEXT.platform.processes(), this.attempt)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#top.kill("SIGKILL")
    for (let left = await this.members(); left.length > 0; left = await this.members()) {
      for (const { pid } of left) if (isThere(pid)) process.kill(pid, "SIGKILL")
    }
    this.scratch[Symbol.dispose]()
  }
}

/** The process table fails so many times, then is there. */
function failing(times: number): typeof CONTEXT {
  let left = times
  const processes = async () => {
    if (left-- > 0) throw new Error("ps: fork: Resource temporarily unavailable")
    return CONTEXT.platform.processes()
  }
  return { ...CONTEXT, platform: { ...CONTEXT.platform, processes } }
}

describe("holdTrees()", () => {
  it("stops again, without a table, what somebody has let go on, and nothing that may run", async () => {
    await using tree = await Tree.start(() => ["perl", "-e", "if (!fork) { setpgrp(0, 0) } 1 while sleep 1"])
    const { attempt } = tree
    await eventually(async () => (await tree.members()).length === 2, "the tree")
    const states = async () => (await tree.members()).map(({ isStopped }) => isStopped)
    assert.deepEqual(await stopTrees(CONTEXT, [attempt]), [attempt])
    for (const { pid } of await tree.members()) process.kill(pid, "SIGCONT")
    await eventually(async () => (await states()).every((isStopped) => !isStopped), "both of them going on")
    holdTrees([attempt])
    assert.deepEqual(await states(), [false, false], "nobody wants it to be stopped")
    const why = { code: "owner_here", text: "somebody is at it" }
    attempt.suspension.stop(
      { folder: tree.scratch.path, ballast: tree.scratch.at("ballast") },
      { uptimeMs: 1, at: 1, why },
      [],
    )
    holdTrees([attempt])
    await eventually(async () => (await states()).every((isStopped) => isStopped), "both of them stopped")
    attempt.stop = { cause: "cancelled", signal: "SIGTERM", graceMs: 0 }
    for (const { pid } of await tree.members()) process.kill(pid, "SIGCONT")
    holdTrees([attempt])
    await eventually(
      async () => (await states()).every((isStopped) => !isStopped),
      "both of them going on to their end",
    )
  })
})

describe("stopTrees() and continueTree() without a process table", () => {
  const TWO_GROUPS = ["perl", "-e", "if (!fork) { setpgrp(0, 0) } 1 while sleep 1"]

  it("tell what is known of a tree, and say that it is not done yet", async () => {
    await using tree = await Tree.start(() => TWO_GROUPS)
    const { attempt } = tree
    await eventually(async () => new Set((await tree.members()).map(({ pgid }) => pgid)).size === 2, "two groups")
    const noted: number[] = []
    const stopped = await stopTrees(failing(100), [attempt], (_, members) => noted.push(members.length))
    assert.deepEqual([stopped, noted], [[], [0]], "written down once, without members")
    await eventually(async () => (await tree.members()).every(({ isStopped }) => isStopped), "all of it stopped")
    assert.equal(await continueTree(failing(100), attempt), false)
    await eventually(async () => (await tree.members()).every(({ isStopped }) => !isStopped), "all of it going on")
  })

  it("get over a table that fails once", async () => {
    await using tree = await Tree.start(() => TWO_GROUPS)
    const { attempt } = tree
    assert.deepEqual(await stopTrees(failing(1), [attempt]), [attempt])
    assert.ok((await tree.members()).every(({ isStopped }) => isStopped))
    assert.equal(await continueTree(failing(1), attempt), true)
    await eventually(async () => (await tree.members()).every(({ isStopped }) => !isStopped), "all of it going on")
  })

  it("let go on again who merely has the pid of a process that is gone", async () => {
    await using tree = await Tree.start(() => ["sleep", "1000"])
    await using stranger = await Tree.start(() => ["sleep", "2000"])
    const pid = stranger.attempt.group!
    tree.attempt.seen.set(pid, "1")
    const isStopped = async () => (await stranger.members()).find((row) => row.pid === pid)?.isStopped
    assert.deepEqual(await stopTrees(failing(100), [tree.attempt]), [])
    await eventually(async () => (await isStopped()) === true, "the stranger told, too")
    assert.deepEqual(await stopTrees(CONTEXT, [tree.attempt]), [tree.attempt])
    await eventually(async () => (await isStopped()) === false, "the stranger going on")
  })

  it("leave stopped what the job itself had stopped", async () => {
    await using tree = await Tree.start(() => ["sh", "-c", "sleep 1000 & kill -STOP $!; sleep 2000 & wait"])
    const { attempt } = tree
    const stopped = async () => (await tree.members()).filter(({ isStopped }) => isStopped).map(({ pid }) => pid)
    await eventually(
      async () => (await stopped()).length === 1 && (await tree.members()).length === 3,
      "what the job stops",
    )
    const own = await stopped()
    const where = { folder: tree.scratch.path, ballast: tree.scratch.at("ballast") }
    await stopTrees(CONTEXT, [attempt], (_, members) =>
      attempt.suspension.stop(
        where,
        { uptimeMs: 5, at: 6, why: { code: "owner_here", text: "typing" } },
        members.filter(({ isStopped }) => isStopped),
      ),
    )
    attempt.suspension.continue(where, { uptimeMs: 1_005, at: 1_006 })
    assert.equal(await continueTree(failing(100), attempt), false)
    await eventually(async () => (await stopped()).length === 1, "the others going on")
    assert.deepEqual(await stopped(), own)
  })
})

describe("stopTrees()", () => {
  it("stops a tree that forks all the time, in whatever groups and sessions, and lets it go on", async () => {
    await using tree = await Tree.start((scratch) => ["perl", `${JOBS}forking-tree.pl`, scratch.at("pids")])
    const count = () => Number(fileText(tree.scratch.at("pids.count")) || 0)
    await eventually(() => count() > 10, "a tree that is at work")
    const { attempt } = tree
    assert.deepEqual(await stopTrees(CONTEXT, [attempt]), [attempt])
    const members = await tree.members()
    assert.ok(members.length >= 6, `${members.length} processes`)
    assert.ok(new Set(members.map(({ pgid }) => pgid)).size >= 3, "groups")
    for (const row of members) assert.ok(row.isStopped, `${row.pid} ${row.name}`)
    const before = count()
    const pids = () => readFileSync(tree.scratch.at("pids"), "utf8")
    const known = pids()
    // Nothing can be waited for that is to not happen: twenty looks at the table are some time.
    for (let looks = 0; looks < 20; looks++) {
      assert.deepEqual((await tree.members()).map(({ pid }) => pid).sort(), members.map(({ pid }) => pid).sort())
    }
    assert.deepEqual([count(), pids()], [before, known])
    await continueTree(CONTEXT, attempt)
    await eventually(() => count() > before, "the tree going on")
    await eventually(async () => !(await tree.members()).some(({ isStopped }) => isStopped), "all of it going on")
  })

  it("leaves stopped what the job itself had stopped", async () => {
    await using tree = await Tree.start(() => ["sh", "-c", "sleep 1000 & kill -STOP $!; sleep 2000 & wait"])
    const { attempt } = tree
    const stopped = async () => (await tree.members()).filter(({ isStopped }) => isStopped)
    await eventually(
      async () => (await stopped()).length === 1 && (await tree.members()).length === 3,
      "what the job stops",
    )
    const [own] = await stopped()
    const where = { folder: tree.scratch.path, ballast: tree.scratch.at("ballast") }
    await stopTrees(CONTEXT, [attempt], (_, members) =>
      attempt.suspension.stop(
        where,
        { uptimeMs: 5, at: 6, why: { code: "owner_here", text: "typing" } },
        members.filter(({ isStopped }) => isStopped),
      ),
    )
    assert.equal((await stopped()).length, 3)
    attempt.suspension.continue(where, { uptimeMs: 1_005, at: 1_006 })
    await continueTree(CONTEXT, attempt)
    assert.deepEqual(
      (await stopped()).map(({ pid }) => pid),
      [own?.pid],
    )
    assert.equal(attempt.suspension.totalMs(9_000), 1_000)
  })

  it("lets be what somebody wants to end", async () => {
    await using tree = await Tree.start(() => ["sleep", "1000"])
    tree.attempt.stop = { cause: "cancelled", signal: "SIGTERM", graceMs: 1_000 }
    assert.deepEqual(await stopTrees(CONTEXT, [tree.attempt]), [])
    assert.ok((await tree.members()).every(({ isStopped }) => !isStopped))
  })

  it("knows a tree by what it was, and the host of a terminal is none of it", async () => {
    await using tree = await Tree.start(() => ["sh", "-c", "sleep 1000 & wait"])
    await eventually(async () => (await tree.members()).length === 2, "two processes")
    tree.attempt.order = makeOrder(1, ["sh"], { kind: "session" })
    assert.deepEqual(
      (await tree.members()).map(({ name }) => name),
      ["sleep"],
    )
  })
})
