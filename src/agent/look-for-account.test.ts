import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { lookForAccount } from "./look-for-account.ts"

const none = new AbortController().signal

test("only the system's own word makes an account missing", async () => {
  using folder = new ScratchFolder()
  const id = folder.at("id")
  const look = (script: string, name: unknown = "mia.w") => {
    writeFileSync(id, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    return lookForAccount(name, none, id)
  }
  assert.deepEqual(await look('echo "$2"'), { found: "there" })
  assert.deepEqual(await look('echo "id: $2: no such user" >&2; exit 1'), { found: "missing", nearest: null })
  assert.deepEqual(await look("echo mia.w", "Mia.W"), { found: "missing", nearest: "mia.w" })
  assert.deepEqual(await look("echo mia.w", "501"), { found: "missing", nearest: "mia.w" })
  for (const odd of [
    "exit 0",
    "exit 1",
    "echo 'id: no such user'; exit 1",
    "echo 'id: mia.w: no such user' >&2; exit 71",
    "printf '\\033[2J\\000\\n'",
    "echo 'id: mia.w: kein solcher Benutzer' >&2; exit 1",
    "kill -9 $$",
  ]) {
    assert.equal((await look(odd)).found, "unknown", odd)
  }
  assert.equal((await lookForAccount("mia.w", none, folder.at("nothing"))).found, "unknown")
  for (const name of ["-G", "", "a b", "a\n", null, 501, "x".repeat(65)]) {
    await assert.rejects(look("echo", name), { code: "invalid_input" }, String(name))
  }
})
