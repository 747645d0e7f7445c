import assert from "node:assert/strict"
import { test } from "node:test"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { TerminalUser } from "../support/terminal-user.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })

test("key-like files stay home unless they are named, and a folder that nobody means needs --yes", async () => {
  using sets = new ScratchFolder()
  sets.write({
    "a/what": "x".repeat(3_000),
    ".env": "TOKEN=1",
    "a/id_rsa": "k",
    "a/public.pem": "p",
    ".ssh/config": "c",
  })
  const added = await pool().windfall(["data", "add", "secrets", sets.path, "--include", "a/public.pem"])
  assert.equal(added.exitCode, 0, added.stderr)
  assert.match(added.stdout, /version 1: 2 files/)
  assert.match(added.stderr, /secrets stay home.*--include.*: \.env, \.ssh\/, a\/id_rsa\n/)
  assert.match(added.stderr, /secret files travel, as you asked: a\/public\.pem/)
  const seen = await pool().windfall([
    "send",
    "-q",
    "--no-folder",
    "--data",
    "secrets",
    "--",
    "find",
    "data/secrets/",
    "-type",
    "f",
  ])
  assert.deepEqual(seen.stdout.trim().split("\n").sort(), ["data/secrets/a/public.pem", "data/secrets/a/what"])
  const below = await pool().windfall(["data", "add", "secrets", sets.path, "--include", ".ssh/config"])
  assert.match(below.stdout, /version 2: 2 files/)

  const large = ["data", "add", "large", sets.path, "--warn-above", "1K"]
  sets.write({ "a/what": "y".repeat(3_000) })
  const refused = await pool().windfall(large)
  assert.equal(refused.exitCode, 2)
  assert.match(
    refused.stderr,
    /that is more than 1 KB. The biggest folders:\n.*a\/\n[\s\S]*Cannot add the data large: nobody can be asked/,
  )
  await using user = new TerminalUser(pool(), `windfall ${large.join(" ")}`)
  await user.sees("send all this? [y/N]")
  user.type("n")
  await user.sees("Cannot add the data large: you said no")
  assert.equal((await pool().windfall([...large, "--yes"])).exitCode, 0)

  const homes = [pool().scratch.at("home"), "/", pool().scratch.path]
  for (const folder of homes) {
    const { exitCode, stderr } = await pool().windfall(["data", "add", "home", folder])
    assert.equal(exitCode, 2)
    assert.match(
      stderr,
      /Cannot add \/\S* as data: it is (your whole home|the whole disk|a folder that your home)[\s\S]*--yes/,
    )
  }
})
