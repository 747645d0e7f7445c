import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { type Clock, systemClock } from "../base/clock.ts"
import type { JobId } from "../protocol/ids.ts"
import { PartFolder } from "./part-folder.ts"

const job = 17 as JobId
const hash = "ab".repeat(32)

/** Another process that takes the folder, puts a part into it and stays. */
class Other implements AsyncDisposable {
  readonly process: ChildProcess

  private constructor(process: ChildProcess) {
    this.process = process
  }

  static async start(home: string): Promise<Other> {
    const script = `
      const { PartFolder } = await import(${JSON.stringify(import.meta.resolve("./part-folder.ts"))})
      const folder = await PartFolder.take(${JSON.stringify(home)}, ${job})
      require("node:fs").writeFileSync(folder.path + "/${hash}", "half")
      process.stdin.on("end", () => folder.remove()).resume()
      console.log("taken")`
    const child = spawn(process.execPath, ["-e", `(async () => {${script}})()`], { stdio: ["pipe", "pipe", "inherit"] })
    await once(child.stdout!, "data")
    return new Other(child)
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.process.kill(signal)
    await once(this.process, "exit")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.end("SIGKILL")
  }
}

/** Waiting costs no time; whoever is not heard meanwhile is silent. */
class SkippedClock implements Clock {
  #atMs = 0
  waited = 0
  now = () => Date.now()
  monotonicMs = () => this.#atMs
  async sleep(ms: number): Promise<void> {
    this.#atMs += ms
    this.waited++
  }
}

test("it waits while another process goes on, and not longer", async () => {
  using scratch = new ScratchFolder()
  const home = scratch.write({}, "home")
  await using other = await Other.start(home)
  const taken = await PartFolder.take(home, job, { onWait: () => other.process.stdin!.end() })
  assert(taken.hasWaited)
  assert.deepEqual(fs.readdirSync(taken.path), [])
  taken.remove()
  assert.deepEqual(fs.readdirSync(home), [])
})

test("what a killed process has left is taken over at once", async () => {
  using scratch = new ScratchFolder()
  const home = scratch.write({}, "home")
  await using other = await Other.start(home)
  await other.end("SIGKILL")
  const taken = await PartFolder.take(home, job)
  assert.equal(taken.hasWaited, false)
  assert.equal(fs.readFileSync(`${taken.path}/${hash}`, "utf8"), "half")
  assert.equal(fs.readdirSync(home).length, 1)
  taken.remove()
})

test("a frozen process holds up nobody for long", async () => {
  using scratch = new ScratchFolder()
  const home = scratch.write({}, "home")
  await using other = await Other.start(home)
  other.process.kill("SIGSTOP")
  const clock = new SkippedClock()
  const taken = await PartFolder.take(home, job, { clock })
  assert(clock.waited >= 100)
  assert.deepEqual(fs.readdirSync(taken.path), [hash])
  taken.remove()
})

test("what broke off is left to the next, and nothing when nothing had come", async () => {
  using scratch = new ScratchFolder()
  const home = scratch.write({}, "home")
  const first = await PartFolder.take(home, job)
  fs.writeFileSync(`${first.path}/${hash}`, "half")
  first.release()
  const second = await PartFolder.take(home, job)
  assert.equal(second.hasWaited, false)
  assert.deepEqual(fs.readdirSync(second.path), [hash])
  assert.equal(first.isOurs, false)
  fs.rmSync(`${second.path}/${hash}`)
  second.release()
  assert.deepEqual(fs.readdirSync(home), [])
})

test("nothing is taken over from another job, through a link, or but parts", async () => {
  using scratch = new ScratchFolder()
  const mine = scratch.write({ [hash]: "mine" }, "mine")
  const home = scratch.write({ ".windfall-18.part/": "", ".windfall-17-1-0-x.part/notes": "of mine" }, "home")
  fs.symlinkSync(mine, `${home}/.windfall-17.part`)
  const taken = await PartFolder.take(home, job, { clock: systemClock() })
  assert.deepEqual(fs.readdirSync(taken.path), [])
  taken.remove()
  assert.deepEqual(fs.readdirSync(home).toSorted(), [".windfall-17.part", ".windfall-18.part"])
  assert.deepEqual(fs.readdirSync(mine), [hash])
})

test("who waits can be told to stop", async () => {
  using scratch = new ScratchFolder()
  const home = scratch.write({}, "home")
  await using _other = await Other.start(home)
  const stop = new AbortController()
  const waiting = PartFolder.take(home, job, { signal: stop.signal, onWait: () => stop.abort() })
  await assert.rejects(waiting, { name: "AbortError" })
  assert.equal(fs.readdirSync(home).length, 1)
})
