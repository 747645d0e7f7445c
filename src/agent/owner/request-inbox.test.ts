import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import fc from "fast-check"
import { eventually } from "../../../test/support/agent-home.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { pausesOf } from "../../presence/move-lever.ts"
import { activePause } from "../../presence/pause.ts"
import { NO_LEVER } from "../../protocol/owner.ts"
import { answerName, type OwnerWish, readAnswer, requestName, requestText } from "../../protocol/owner-request.ts"
import { OwnerDesk } from "./owner-desk.ts"
import { OwnerFolder } from "./owner-folder.ts"
import { Said } from "./said.ts"

const CLOCKS = { now: () => ({ wallMs: Date.now(), sleepCountingMs: Math.round(performance.now()) }), bootId: "one" }
const ROOT = process.getuid?.() === 0
const [ANNA, BEN, JOBS] = [5001, 5002, process.getuid?.() ?? 0]
const NAMES = new Map([
  [ANNA, "anna"],
  [BEN, "ben"],
  [JOBS, "jobs"],
])

class Desk implements Disposable {
  readonly scratch = new ScratchFolder()
  readonly folder: OwnerFolder
  readonly said: Said
  readonly desk: OwnerDesk
  readonly moves: string[] = []
  readonly problems: string[] = []
  left = 0
  consoleUser: string | null = null
  #count = 0

  constructor(consoleAccount: string | null = "anna") {
    mkdirSync(this.scratch.at("Shared"))
    chmodSync(this.scratch.path, 0o755)
    chmodSync(this.scratch.at("Shared"), 0o1777)
    this.folder = new OwnerFolder(this.scratch.at("Shared", "Windfall"), "/opt/windfall", () => ANNA)
    this.said = this.#openSaid()
    this.said.take({ host: "mac-3", owner: null, consoleAccount, fleet: { preset: "default", rules: {} } }, NO_LEVER)
    this.desk = new OwnerDesk({
      said: this.said,
      folder: this.folder,
      now: () => Date.now(),
      timeZone: "UTC",
      jobsAccount: "jobs",
      nameOf: async (uid) => NAMES.get(uid),
      consoleUser: () => this.consoleUser,
      onMoved: async () => void this.moves.push(JSON.stringify(this.said.lever)),
      leave: () => void this.left++,
      status: () => ({ presence: null, mac: null, text: "all is quiet" }),
      onProblem: (message) => void this.problems.push(message),
    })
    this.desk.open()
  }

  #openSaid(): Said {
    return new Said({ path: this.scratch.at("owner"), ballast: this.scratch.at("ballast") }, CLOCKS)
  }

  /** What an agent after this one knows. */
  reread(): Said {
    return this.#openSaid()
  }

  /** Writes a request as an account does, and waits for its answer. */
  async ask(uid: number, wish: OwnerWish, { id = `r${++this.#count}`, at = Date.now() } = {}) {
    const file = join(this.folder.requests, `.${id}`)
    writeFileSync(file, requestText({ ...wish, id, at }), { mode: 0o644 })
    if (uid !== JOBS) chownSync(file, uid, uid)
    renameSync(file, join(this.folder.requests, requestName(id)))
    return this.answer(id)
  }

  async answer(id: string) {
    const path = join(this.folder.requests, answerName(id))
    await eventually(
      () => existsSync(path) && !existsSync(join(this.folder.requests, requestName(id))),
      `an answer to ${id}`,
    )
    return readAnswer(readFileSync(path, "utf8"))!
  }

  get paused(): string | null {
    return activePause(pausesOf(this.said.lever), Date.now())?.by ?? null
  }

  [Symbol.dispose](): void {
    this.desk.close()
    this.scratch[Symbol.dispose]()
  }
}

describe("requests by file", () => {
  it("count for whose account wrote them", { skip: ROOT ? false : "only root can write as others" }, async () => {
    using desk = new Desk()
    assert.equal((await desk.ask(JOBS, { verb: "pause", end: "2h" })).done, true)
    assert.equal(desk.paused, "jobs")
    assert.equal((await desk.ask(JOBS, { verb: "resume" })).code, "not_allowed")
    assert.equal((await desk.ask(JOBS, { verb: "rules", rules: { on_return: "ignore" } })).code, "not_allowed")
    assert.equal((await desk.ask(JOBS, { verb: "leave" })).code, "not_allowed")
    assert.equal((await desk.ask(BEN, { verb: "pause", until: null })).code, "not_allowed", "nobody here")
    assert.equal((await desk.ask(777, { verb: "pause", until: null })).code, "not_allowed", "of no name")
    desk.consoleUser = "ben"
    assert.equal((await desk.ask(BEN, { verb: "pause", until: null })).done, true, "at the console")
    assert.equal((await desk.ask(BEN, { verb: "rules", rules: { on_return: "ignore" } })).code, "not_allowed")
    assert.equal((await desk.ask(ANNA, { verb: "resume" })).done, true)
    assert.equal(desk.paused, null, "the owner takes back all")
    const ruled = await desk.ask(ANNA, { verb: "rules", rules: { on_return: "vacate", hours: null } })
    assert.deepEqual(
      [ruled.done, ruled.text],
      [true, "From now on these rules hold:\n  on_return: vacate (anna said so)\n  hours: always (preset default)"],
    )
    assert.deepEqual(desk.reread().lever, desk.said.lever, "kept")
    assert.equal(desk.said.lever.rules?.rules.on_return, "vacate")
    assert.equal((await desk.ask(ANNA, { verb: "rules", rules: { on_return: "shout" } })).code, "invalid_input")
    assert.equal((await desk.ask(BEN, { verb: "status" })).text, "all is quiet")
    assert.equal((await desk.ask(ANNA, { verb: "leave" })).done, true)
    assert.equal(desk.left, 1)
    assert.deepEqual(desk.problems, [])
  })

  it("are taken once, in the order in which each account said them", {
    skip: ROOT ? false : "only root can write as others",
  }, async () => {
    using desk = new Desk()
    const at = Date.now() - 60_000
    await desk.ask(ANNA, { verb: "resume" }, { id: "kept", at })
    await desk.ask(ANNA, { verb: "pause", until: null }, { at: at + 1 })
    // A job has kept the first one, by a link, and puts it there once more.
    assert.equal((await desk.ask(ANNA, { verb: "resume" }, { id: "kept", at })).code, "invalid_input")
    assert.equal(desk.paused, "anna")
    assert.equal(
      (await desk.ask(ANNA, { verb: "resume" }, { id: "other", at })).code,
      "invalid_input",
      "said before the pause",
    )
    const again = { id: "same-moment", at: at + 1 }
    assert.equal((await desk.ask(ANNA, { verb: "resume" }, again)).done, true)
    assert.equal((await desk.ask(ANNA, { verb: "resume" }, again)).code, "invalid_input")
    assert.equal(
      (await desk.ask(ANNA, { verb: "resume" }, { at: Date.now() + 3_600_000 })).code,
      "invalid_input",
      "from the future",
    )
    assert.equal(
      (await desk.ask(JOBS, { verb: "pause", end: "2h" }, { at })).done,
      true,
      "another's order is another's",
    )
  })

  it("wait for an agent, and a pause that is over by then pauses nothing", async () => {
    using desk = new Desk()
    const hourAgo = Date.now() - 3_600_000
    assert.match((await desk.ask(JOBS, { verb: "pause", end: "30m" }, { at: hourAgo })).text, /over/)
    assert.equal(desk.paused, null)
    assert.equal((await desk.ask(JOBS, { verb: "pause", end: "2h" }, { at: hourAgo })).done, true)
    const [pause] = pausesOf(desk.said.lever)
    assert.ok(Math.abs((pause?.untilMs ?? 0) - (hourAgo + 7_200_000)) < 1)
  })

  it("are answered or taken away, whatever is in them", async () => {
    using desk = new Desk()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        writeFileSync(join(desk.folder.requests, ".any"), bytes)
        renameSync(join(desk.folder.requests, ".any"), join(desk.folder.requests, requestName("any")))
        assert.equal((await desk.answer("any")).done, false)
      }),
      { numRuns: 20 },
    )
    assert.deepEqual(desk.moves, [])
  })

  it("are heard of the owner first, however many somebody else has put there", {
    skip: ROOT ? false : "only root can write as others",
  }, async () => {
    using desk = new Desk()
    for (let at = 0; at < 3_000; at++) {
      const file = join(desk.folder.requests, requestName(`ben-${at}`))
      writeFileSync(file, requestText({ verb: "status", id: `ben-${at}`, at: 1 }))
      chownSync(file, BEN, BEN)
    }
    assert.equal((await desk.ask(ANNA, { verb: "pause", until: null })).done, true)
    assert.equal(desk.paused, "anna")
  })
})

describe("the owner's folder", () => {
  it("has buttons that ask and tell what was answered", async () => {
    using desk = new Desk()
    const path = desk.scratch.at("Shared", "Windfall")
    const press = (name: string, input = "") =>
      import("node:child_process").then(
        ({ execFile }) =>
          new Promise<string>((resolve) => {
            const child = execFile(join(path, name), (error, out) =>
              resolve(error === null ? out : `${error.message}${out}`),
            )
            child.stdin?.end(input)
          }),
      )
    assert.match(await press("Pause 2 hours.command"), /^No jobs run here until .* \((2h 00m|1h 59m) from now\)/)
    assert.equal(desk.paused, "jobs")
    assert.match(await press("Resume.command"), /a job may have written that/)
    assert.match(await press("Not today.command"), /^No jobs run here until/)
    assert.match(await press("Leave the pool.command", "no\n"), /Nothing was changed/)
    assert.equal(desk.left, 0)
    assert.match(await press("Leave the pool.command", "yes\n"), /type yes: .*jobs can only pause/s)
  })

  it("comes back by itself when a job takes it away, and its buttons ask until they are heard", async () => {
    using desk = new Desk()
    const path = desk.scratch.at("Shared", "Windfall")
    const button = join(path, "Pause 2 hours.command")
    const script = readFileSync(button, "utf8")
    rmSync(path, { recursive: true })
    writeFileSync(path, "")
    await eventually(() => existsSync(button), "the folder again")
    // One that was double-clicked before its folder went.
    const press = () =>
      new Promise<string>((resolve) => void execFile("/bin/sh", ["-c", script], (_, out) => resolve(out)))
    rmSync(path, { recursive: true })
    assert.match(await press(), /^No jobs run here until/)
    assert.equal(desk.paused, "jobs")
    // What it asks is gone unread each time, and then no more.
    desk.desk.close()
    let taken = 0
    const thief = setInterval(() => {
      for (const name of readdirSync(desk.folder.requests)) {
        if (!name.endsWith(".request")) continue
        rmSync(join(desk.folder.requests, name))
        if (++taken < 2) continue
        clearInterval(thief)
        desk.desk.open()
      }
    }, 20)
    assert.match(await press(), /^No jobs run here until/)
    assert.ok(taken >= 2)
  })

  it("says once that somebody has put a script of their own in a button's place", async () => {
    using desk = new Desk()
    const button = desk.scratch.at("Shared", "Windfall", "Not today.command")
    const right = readFileSync(button, "utf8")
    for (const text of ["#!/bin/sh\nrm -rf ~\n", "#!/bin/sh\n"]) {
      writeFileSync(button, text)
      await eventually(() => readFileSync(button, "utf8") === right, "the button")
    }
    assert.equal(desk.problems.length, 1)
    assert.match(desk.problems[0] ?? "", /in place of Not today\.command, and have been removed/)
  })

  it("has buttons that say what to do where nothing can be asked", async () => {
    using desk = new Desk()
    const path = desk.scratch.at("Shared", "Windfall")
    const script = readFileSync(join(path, "Pause 2 hours.command"), "utf8").replace(/-lt \d+ \]/, "-lt 1 ]")
    desk.desk.close()
    rmSync(path, { recursive: true })
    const out = await new Promise<string>(
      (resolve) => void execFile("/bin/sh", ["-c", script], (_, text) => resolve(text)),
    )
    assert.match(out, /^Cannot ask Windfall just now: .*try again.*turn off Remote Login; then restart/s)
  })

  it("is put right where a job has changed it, and open to requests of everybody", () => {
    using desk = new Desk()
    const at = (...parts: string[]) => desk.scratch.at("Shared", "Windfall", ...parts)
    const text = readFileSync(at("Not today.command"), "utf8")
    writeFileSync(at("Not today.command"), "#!/bin/sh\nrm -rf ~\n")
    chmodSync(at("Pause 2 hours.command"), 0o600)
    chmodSync(at(), 0o777)
    chmodSync(at(".requests"), 0o777)
    assert.equal(desk.folder.keep(), null)
    assert.equal(readFileSync(at("Not today.command"), "utf8"), text)
    assert.equal(statSync(at("Pause 2 hours.command")).mode & 0o7777, 0o755)
    assert.equal(statSync(at()).mode & 0o7777, 0o755)
    assert.equal(statSync(at(".requests")).mode & 0o7777, 0o1733)
  })
})
