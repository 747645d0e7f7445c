import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { FactValue } from "../../src/facts/fact.ts"
import type { FactName } from "../../src/facts/fact-names.ts"
import { readOutput } from "../../src/facts/read-output.ts"
import { MAC_COMMANDS } from "../lab/mac/commands.ts"
import { firstState } from "../lab/mac/first-state.ts"
import type { MacModel } from "../lab/mac/models.ts"
import { type MacState, writeState } from "../lab/mac/state.ts"

const LAB = join(import.meta.dirname, "../lab/mac")
const GIB = 1024 ** 3
export const BOOT_MS = Math.floor(Date.now() / 1000) * 1000 - 26 * 3_600_000
export const CAN_RUN_MAC_COMMANDS = existsSync("/usr/bin/perl") && existsSync("/proc/self/stat")

export type ExpectedFacts = Readonly<Record<string, FactValue | ((value: FactValue) => boolean)>>

/** A Mac that is its state alone: up since {@link BOOT_MS}. */
export function macState(model: MacModel, change: Partial<MacState> = {}): MacState {
  const account = { account: "worker", accountUid: 2001, hostName: "mac-1", number: 1, address: "10.1.77.11" }
  const boot = { bootId: "6D0B0C70-0000-4000-8000-0000000000AA", bootAtMs: BOOT_MS }
  return { ...firstState({ model, ...account, ...boot }), freeBytes: 64 * GIB, ...change }
}

/** Runs a simulated Mac's commands on this machine, without a lab; its processes are this machine's. */
export class MacCommands implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "windfall-mac-"))

  run(state: MacState, line: string, input = "") {
    writeState(this.#folder, state, null)
    const [name = "", ...words] = line.split(" ")
    const link = join(this.#folder, name)
    const file = MAC_COMMANDS.find((command) => command.name === name)?.file ?? ""
    assert.ok(file.endsWith(".pl"), `${name} is a command of the lab's`)
    if (!existsSync(link)) symlinkSync(join(LAB, "commands", file), link)
    const env = { LC_ALL: "C", LANG: "C", TZ: "UTC", LAB_MAC: this.#folder, LAB_PROC: "/proc" }
    const perl = ["-I", join(LAB, "perl"), link, ...words]
    const { stdout, stderr, status } = spawnSync("/usr/bin/perl", perl, {
      env,
      input,
      encoding: "utf8",
      timeout: 10_000,
    })
    return { stdout, stderr, status }
  }

  /**
   * What a command prints is recognised, has no line that is not understood, and says what was steered. A fact's name may have
   * what it is of behind it.
   */
  says(state: MacState, line: string, command: string, facts: ExpectedFacts, input = ""): void {
    const { stdout, stderr } = this.run(state, line, input)
    assert.equal(stderr, "", line)
    const { command: recognised, by, sheet } = readOutput(stdout)
    assert.deepEqual([recognised, by], [command, "content"], `${line}\n${stdout}`)
    // What runs on this machine is not the lab's, and may have odd names.
    if (command !== "ps") assert.equal(sheet.firstMisfit, undefined, line)
    for (const [key, expected] of Object.entries(facts)) {
      const [name = "", ...of] = key.split(" ")
      const fact = sheet.get(name as FactName, of.length === 0 ? undefined : of.join(" "))
      assert.ok(fact?.known, `${line}: ${key} is ${JSON.stringify(fact)}\n${stdout}`)
      if (typeof expected === "function") assert.ok(expected(fact.value), `${line}: ${key} is ${fact.value}`)
      else assert.deepEqual(fact.value, expected, `${line}: ${key}`)
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
