import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import { setTimeout } from "node:timers/promises"
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

test("a name that is taken, and a file in the way, are told before anything is looked at or sent", async () => {
  using sets = new ScratchFolder()
  sets.write({
    "set/what": "x",
    "project/note.txt": "a note",
    "project/kept/what": "x",
    "project/.gitignore": "kept\n",
  })
  await pool().hosts[0]!.write("there/what", "x")
  const onHost = await pool().windfall(["data", "add", "there", "--writable", "--on", "host1:~/there"])
  assert.equal(onHost.exitCode, 0, onHost.stderr)
  const stored = await pool().windfall(["data", "add", "stored", sets.at("set")])
  assert.equal(stored.exitCode, 0, stored.stderr)
  await pool().api("POST", "/v1/users", { name: "bea", role: "user" })
  const { token } = await pool().api<{ token: string }>("POST", "/v1/tokens", { user: "bea" })
  sets.write({ "set/what": "y" })
  for (const [name, folder, more, words] of [
    ["stored", "set", { token }, /Cannot add the data stored: admin has data of that name/],
    ["there", "set", {}, /Cannot add the data there: it is said to lie on hosts already/],
  ] as const) {
    const { exitCode, stderr } = await pool().windfall(["data", "add", name, sets.at(folder)], more)
    assert.equal(exitCode, 2)
    assert.match(stderr, words)
    assert.doesNotMatch(stderr, /sending/)
  }
  const on = await pool().windfall(["data", "add", "stored", "--on", "host1:~/nowhere"])
  assert.match(on.stderr, /Cannot add the data stored: a folder was added under it/)

  const send = (at: string) =>
    pool().windfall(["send", "--data", `stored:${at}`, "--", "cat", `${at}/what`], { cwd: sets.at("project") })
  const inTheWay = await send("note.txt")
  assert.equal(inTheWay.exitCode, 2)
  assert.match(inTheWay.stderr, /Cannot put the data stored at note.txt: your folder has a file note.txt/)
  assert.doesNotMatch(inTheWay.stderr, /sending/)
  assert.equal((await send("kept")).stdout, "x")
})

test("a dry run says which data a job would see, where that lies, and where the job could run", async () => {
  using sets = new ScratchFolder()
  sets.write({ "set/what": "x".repeat(2_048) })
  assert.equal((await pool().windfall(["data", "add", "dry", sets.at("set")])).exitCode, 0)
  const dry = async (...more: string[]) => {
    const args = ["send", "--no-folder", "--dry-run", "--data", "dry:deep/er", ...more, "--", "true"]
    const { stdout, stderr, exitCode } = await pool().windfall(args)
    assert.equal(exitCode, 0, stderr)
    return stdout
  }
  assert.match(await dry(), /data: dry version 1, 2 KB, at deep\/er; on no host yet: it travels\n/)
  assert.match(await dry(), /could run: Starts now on host1\n {2}host1: has room\n/)
  const ran = await pool().windfall(["send", "-q", "--no-folder", "--data", "dry", "--", "true"])
  assert.equal(ran.exitCode, 0, ran.stderr)
  await pool().api("POST", "/v1/hosts/host1/drain", {})
  const drained = await dry()
  await pool().api("POST", "/v1/hosts/host1/resume", {})
  assert.match(drained, /at deep\/er; on host1\n/)
  assert.match(drained, /could run: host1: .*drain.*\n {2}host1: .*drain.*; it has the data dry\n/)
  const { data, hosts } = JSON.parse(await dry("--json")) as { data: { version: number }[]; hosts: { name: string }[] }
  assert.deepEqual([data.map(({ version }) => version), hosts.map(({ name }) => name)], [[1], ["host1"]])
})

test("what a host holds is told when data has come to lie there, and when it has gone", async () => {
  using sets = new ScratchFolder()
  sets.write({ big: randomBytes(3_000_000) })
  assert.equal((await pool().windfall(["data", "add", "held", sets.path])).exitCode, 0)
  const holds = (isSo: (bytes: number) => boolean) =>
    pool().untilHost("host1", ({ disk }) => isSo(disk?.held.data ?? 0), 3_000)
  const spec = { command: ["sleep", "30"], data: [{ name: "held", path: "data", version: null, root: null, bytes: 0 }] }
  const { id } = await pool().submit(spec)
  await pool().untilState(id, "running")
  await holds((bytes) => bytes >= 3_000_000)
  await pool().api("POST", `/v1/jobs/${id}/stop`, { now: true })
  await pool().awaitJob(id)
  // The look that follows a job's end is over.
  await setTimeout(2_000)
  assert.equal((await pool().windfall(["data", "rm", "held"])).exitCode, 0)
  await holds((bytes) => bytes < 3_000_000)
})
