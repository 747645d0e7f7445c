/** `windfall doctor` of a Mac whose commands mean no good: it ends, says what it could not find out, and prints nothing as it came. */
import assert from "node:assert/strict"
import { chmodSync, copyFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { DoctorFinding } from "../../src/protocol/api.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: [{ kind: "mac", name: "mac-1" }], server: { labMacs: true } })
const COMMANDS = join(import.meta.dirname, "../lab/mac/commands")
/** Nothing but a line's end may reach the terminal as it is. */
const RAW = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/

/** Puts another program in the place of a family of commands; `null` brings the real one back. */
function replace(file: string, script: string | null): void {
  const mac = pool().hosts[0]?.mac
  assert.ok(mac != null)
  const path = join(mac.sharedFolder, "../commands", file)
  if (script === null) copyFileSync(join(COMMANDS, file), path)
  else writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

async function examined(...words: string[]) {
  const { stdout, stderr, exitCode } = await pool().windfall(["doctor", ...words])
  assert.ok(exitCode === 0 || exitCode === 1, `${exitCode}: ${stderr}`)
  assert.doesNotMatch(stdout + stderr, RAW, words.join(" "))
  return stdout
}

async function levels(): Promise<Map<string, DoctorFinding>> {
  const lines = (await examined("mac-1", "--json")).trim().split("\n")
  return new Map(lines.map((line) => JSON.parse(line) as DoctorFinding).map((one) => [one.code, one]))
}

test("floods, escapes, silence, odd ends and other languages: unknown, and the rest as ever", async () => {
  const before = await levels()
  assert.equal(before.get("firewall")?.level, "ok")
  // 100 MB on both streams; a title for the terminal, and marks that turn text around; another language; a crash; for ever.
  replace("network.pl", "head -c 104857600 /dev/zero; head -c 104857600 /dev/zero >&2")
  replace(
    "pmset.pl",
    `printf 'AC Power:\\n sleep \\033]0;gone\\007\\000 \\342\\200\\2560\\n'; printf '\\033[2J\\302\\233' >&2; exit 3`,
  )
  replace("security.pl", "echo 'Die Firewall ist aktiviert. (Zustand = 1)'; echo 'FileVault ist deaktiviert.'")
  replace("profiler.pl", "kill -SEGV $$")
  replace("disk.pl", "trap '' TERM; while :; do sleep 1; done")
  try {
    const after = await levels()
    assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort())
    for (const code of [
      ...["firewall", "stealth_mode", "filevault", "link_speed", "sleep", "wake_for_network", "low_power_mode"],
      ...["restart_after_power_failure", "disk_space", "automatic_updates"],
    ]) {
      assert.equal(after.get(code)?.level, "unknown", `${code}: ${after.get(code)?.text}`)
    }
    for (const code of ["remote_login", "clock", "rosetta"]) assert.equal(after.get(code)?.level, "ok", code)
    await examined("mac-1")
    await examined()
  } finally {
    for (const file of ["network.pl", "pmset.pl", "security.pl", "profiler.pl", "disk.pl"]) replace(file, null)
  }
  const again = await levels()
  assert.deepEqual(again.get("firewall")?.level, "ok")
})
