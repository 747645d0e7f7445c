/** Something happens to a hive of three at any moment of its start: all members end, with a reason where nobody asked for it, and nothing stays. */
import assert from "node:assert/strict"
import { randomInt } from "node:crypto"
import { describe, it } from "node:test"
import { HIVE_STOP_SIGNAL } from "../../src/hive/order/hive-order.ts"
import { eventually } from "../support/agent-home.ts"
import { HiveScene, signal } from "../support/hive-scene.ts"
import { findLlamaCpp } from "../support/llama-cpp.ts"

const llama = await findLlamaCpp()
const engineFolder = "folder" in llama ? llama.folder : ""
const skip = "lacking" in llama && llama.lacking
const MOMENTS = 12
const LATEST_MS = 2_000
const LIMITS = { gatherMs: 4_000, workerMs: 3_000, loadMs: 8_000, silentMs: 1_500, drainMs: 2_000, graceMs: 1_000 }

/** What may happen, and whether to all processes. The guardians are left out: without one a hive goes on. */
const HAPPENINGS: readonly { readonly name: string; readonly sent: NodeJS.Signals; readonly isForAll: boolean }[] = [
  { name: "one is killed", sent: "SIGKILL", isForAll: false },
  { name: "one is stopped", sent: "SIGSTOP", isForAll: false },
  { name: "all are asked to end", sent: HIVE_STOP_SIGNAL, isForAll: true },
  { name: "all are ended", sent: "SIGTERM", isForAll: true },
]

describe("a hive at any moment of its start", { skip, timeout: 400_000 }, () => {
  for (const { name, sent, isForAll } of HAPPENINGS) {
    for (let moment = 0; moment < MOMENTS / HAPPENINGS.length; moment++) {
      const afterMs = randomInt(LATEST_MS)
      it(`${name}, after ${afterMs} ms`, async (t) => {
        await using scene = await HiveScene.set({ engineFolder, layers: [2, 2, 2], limits: LIMITS })
        const members = scene.startAll()
        await new Promise((later) => setTimeout(later, afterMs))
        // Those that are asked for their version are nobody's to miss.
        const lasting = scene
          .alive()
          .filter(({ command }) => /member\.mjs| --port | -p \d/.test(command) && !command.includes("guardian"))
        const chosen = isForAll ? lasting : lasting.slice(randomInt(Math.max(1, lasting.length))).slice(0, 1)
        for (const { pid, command } of chosen) {
          t.diagnostic(`${sent} to ${command.slice(0, 160)}`)
          signal(pid, sent)
        }
        const isFrozen = (pid: number) => sent === "SIGSTOP" && chosen.some((one) => one.pid === pid)
        const running = members.filter(({ child }) => !isFrozen(child.pid))
        // A program that is not listening yet does not hear what it would else ignore.
        const again = setInterval(() => {
          if (isForAll) for (const { child } of members) child.kill(sent)
        }, 3_000)
        const ends = await Promise.all(running.map((member) => member.ended)).finally(() => clearInterval(again))
        for (const { exitCode, stdout } of ends) {
          if (!isForAll && exitCode < 128) assert.match(stdout, /"hive":"lost"/)
        }
        for (const { pid } of chosen) signal(pid, "SIGCONT")
        await Promise.all(members.map((member) => member.ended))
        await eventually(() => scene.alive().length === 0, "nothing is alive")
      })
    }
  }
})
