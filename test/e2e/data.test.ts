import assert from "node:assert/strict"
import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { TokenView } from "../../src/protocol/api.ts"
import type { StoredDataView } from "../../src/protocol/data-api.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 2 })

test("data is sent once, seen read-only by jobs, and none of their outputs", async () => {
  using sets = new ScratchFolder()
  sets.write({ "a.txt": "alpha\n", "below/b.txt": "beta\n", ".gitignore": "a.txt\n", ".DS_Store": "junk" })
  const added = await pool().windfall(["data", "add", "letters", sets.path])
  assert.equal(added.exitCode, 0, added.stderr)
  assert.match(added.stdout, /letters version 1: 3 files/)
  assert.match(added.stderr, /left out.*: \.DS_Store/)
  assert.match((await pool().windfall(["data", "add", "letters", sets.path])).stdout, /version 1/)

  using project = new ScratchFolder()
  project.write({
    "go.sh":
      "cat data/letters/a.txt sets/l/below/b.txt; echo x 2>/dev/null > data/letters/a.txt; echo $? > code; mkdir -p data/own; echo mine > data/own/file",
  })
  const args = ["send", "-q", "--data", "letters", "--data", "letters:sets/l", "--", "sh", "go.sh"]
  const ran = await pool().windfall(args, { cwd: project.path })
  assert.equal(ran.exitCode, 0, ran.stderr)
  assert.equal(ran.stdout, "alpha\nbeta\n")
  const here = readdirSync(project.path, { recursive: true }).map(String).sort()
  assert.deepEqual(here, ["code", "data", "data/own", "data/own/file", "go.sh"])
  assert.notEqual(readFileSync(project.at("code"), "utf8").trim(), "0")
})

test("a link to data that a job has moved or made is no output either", async () => {
  using sets = new ScratchFolder()
  sets.write({ what: "x", "below/b": "y" })
  await add("moved", sets.path)
  using project = new ScratchFolder()
  project.write({
    "go.sh":
      "cd data; ln -s moved near; mv moved q; mkdir -p ../own; ln -s $PWD/q/below ../own/deep; echo x >../own/file; ln -s file ../own/go; ls q/below",
  })
  const ran = await pool().windfall(["send", "--data", "moved", "--", "sh", "go.sh"], { cwd: project.path })
  assert.equal(ran.stdout, "b\n", ran.stderr)
  const here = readdirSync(project.path, { recursive: true }).map(String).sort()
  assert.deepEqual(here, ["go.sh", "own", "own/file", "own/go"], ran.stderr)
})

test("adding again makes a new version; a job that waits keeps the one it was sent with, and so does its rerun", async () => {
  using sets = new ScratchFolder()
  sets.write({ same: "as before\n", what: "one\n" })
  await add("versions", sets.path)
  await drained("host1", "host2", async () => {
    const waiting = await pool().windfall(["send", "-d", "--json", "--no-folder", "--data", "versions", "--", ...CAT])
    const id = jobIn(waiting.stdout)
    sets.write({ what: "two\n" })
    assert.match((await add("versions", sets.path)).stdout, /versions version 2: 2 files/)
    const latest = await pool().windfall(["send", "-d", "--json", "--no-folder", "--data", "versions", "--", ...CAT])
    await resume("host1", "host2")
    assert.equal((await pool().awaitJob(id)).state, "succeeded")
    assert.equal((await pool().log(id)).toString(), "one\n")
    await pool().awaitJob(jobIn(latest.stdout))
    assert.equal((await pool().log(jobIn(latest.stdout))).toString(), "two\n")
    const again = await pool().windfall(["rerun", "-q", `${id}`])
    assert.equal(again.stdout, "one\n")
  })
  const { versions } = await pool().api<StoredDataView>("GET", "/v1/data/versions")
  assert.deepEqual(
    versions.map(({ version, files }) => [version, files]),
    [
      [1, 2],
      [2, 2],
    ],
  )
})

test("what a job changed in data although it is read-only is mended for the next one", async () => {
  using sets = new ScratchFolder()
  sets.write({ what: "right\n", "below/too": "right, too\n" })
  await add("mended", sets.path)
  const script =
    "cd data/mended && chmod -R u+w . && echo wrong > what && rm -r below && echo new > strange && cat what && ls"
  const bad = await pool().windfall([
    "send",
    "-q",
    "--no-folder",
    "--data",
    "mended",
    "-w",
    "host1",
    "--",
    "sh",
    "-c",
    script,
  ])
  assert.equal(bad.stdout, "wrong\nstrange\nwhat\n", bad.stderr)
  const look = "cat data/mended/what data/mended/below/too; ls data/mended"
  const good = await pool().windfall([
    "send",
    "-q",
    "--no-folder",
    "--data",
    "mended",
    "-w",
    "host1",
    "--",
    "sh",
    "-c",
    look,
  ])
  assert.equal(good.stdout, "right\nright, too\nbelow\nwhat\n", good.stderr)
})

test("others use data only where it is shared, and nobody else changes it", async () => {
  using sets = new ScratchFolder()
  sets.write({ what: "private\n" })
  await add("hers", sets.path)
  const token = await tokenOf("bea")
  const send = ["send", "-q", "--no-folder", "--data", "hers", "--", "cat", "data/hers/what"]
  const refused = await pool().windfall(send, { token })
  assert.equal(refused.exitCode, 2)
  assert.match(refused.stderr, /Cannot send a job with the data "hers": you can use none of that name/)
  assert.doesNotMatch((await pool().windfall(["data", "ls"], { token })).stdout, /hers/)
  const taken = await pool().windfall(["data", "add", "hers", sets.path], { token })
  assert.equal(taken.exitCode, 2)
  assert.match(taken.stderr, /admin has data of that name/)

  await add("hers", sets.path, "--shared")
  assert.equal((await pool().windfall(send, { token })).stdout, "private\n")
  assert.match((await pool().windfall(["data", "ls"], { token })).stdout, /hers +admin \(shared\)/)
  const removed = await pool().windfall(["data", "rm", "hers"], { token })
  assert.equal(removed.exitCode, 2)
  assert.match(removed.stderr, /Cannot remove the data hers: it is admin's/)
})

test("data that jobs wait for is not removed, unless forced: then they fail, and its copies go", async () => {
  using sets = new ScratchFolder()
  sets.write({ what: "here\n" })
  await add("gone", sets.path)
  const ran = await pool().windfall([
    "send",
    "-q",
    "--no-folder",
    "--data",
    "gone",
    "-w",
    "host1",
    "--",
    "cat",
    "data/gone/what",
  ])
  assert.equal(ran.stdout, "here\n", ran.stderr)
  const { versions } = await pool().api<StoredDataView>("GET", "/v1/data/gone")
  assert.deepEqual(versions[0]?.hosts, ["host1"])
  const copy = join(dataFolder(0), "trees", versions[0]!.root)
  assert.equal(readFileSync(join(copy, "what"), "utf8"), "here\n")
  await drained("host1", "host2", async () => {
    const waiting = await pool().windfall(["send", "-d", "--json", "--no-folder", "--data", "gone", "--", "true"])
    const id = jobIn(waiting.stdout)
    const kept = await pool().windfall(["data", "rm", "gone"])
    assert.equal(kept.exitCode, 2)
    assert.match(kept.stderr, new RegExp(`job ${id} waits for it`))
    assert.equal((await pool().windfall(["data", "rm", "gone", "--force"])).exitCode, 0)
    const failed = await pool().awaitJob(id)
    assert.deepEqual([failed.state, failed.cause], ["failed", "data_failed"])
    assert.match(failed.reason ?? "", /admin removed the data gone/)
  })
  await untilGone(copy)
  assert.equal((await pool().windfall(["data", "show", "gone"])).exitCode, 2)
  // The number is not given a second time: what was sent with version 1 meant other files.
  sets.write({ what: "anew\n" })
  assert.match((await add("gone", sets.path)).stdout, /gone version 2/)
})

test("bad input is refused before anything is sent", async () => {
  using sets = new ScratchFolder()
  sets.write({ "full/what": "x", "empty/": "", file: "x", "closed/what": "x" })
  await add("input", sets.at("full"))
  const refuses = async (args: readonly string[], words: RegExp, folder = sets.path) => {
    const { exitCode, stderr } = await pool().windfall(args, { cwd: folder })
    assert.match(stderr, words)
    assert.equal(exitCode, 2, args.join(" "))
  }
  await refuses(["data", "add", "no/name", "full"], /Cannot name data "no\/name"/)
  await refuses(["data", "add", "new"], /neither a folder nor a host is named/)
  await refuses(["data", "add", "new", "full", "--on", "host1:/tmp"], /both a folder and a host are named/)
  await refuses(["data", "add", "new", "nowhere"], /Cannot add nowhere: there is no such folder/)
  await refuses(["data", "add", "new", "file"], /Cannot add file: it is not a folder/)
  await refuses(["data", "add", "new", "empty"], /its folder is empty/)
  await refuses(["data", "rm", "never-there"], /you can use none of that name/)
  const send = (data: string) => ["send", "-q", "--data", data, "--", "true"]
  await refuses(send("imput"), /Did you mean input\?/)
  await refuses(send("input:/tmp/x"), /Cannot put data at "\/tmp\/x": it must lie in the job's folder/)
  await refuses(send("input:../x"), /it leaves the job's folder/)
  await refuses(send("input:full"), /your folder has a folder full/)
  await refuses(send("input:full/what/below"), /your folder has a file full\/what/)
  await refuses(["send", "-q", "--data", "input:a", "--data", "input:a/b", "--", "true"], /a\/b would lie in a/)
  if (process.getuid?.() === 0) return
  chmodSync(sets.at("closed/what"), 0)
  await refuses(["data", "add", "new", "closed"], /closed\/what: permission denied/)
})

test("a job file says data as the command line does", async () => {
  using sets = new ScratchFolder()
  sets.write({ "d/what": "from a file\n", "p/windfall.yml": "command: cat in/what\ndata: [filed:in]\n" })
  await add("filed", sets.at("d"))
  const { stdout, stderr } = await pool().windfall(["apply", "-q"], { cwd: sets.at("p") })
  assert.equal(stdout, "from a file\n", stderr)
})

const CAT = ["cat", "data/versions/what"]

async function add(name: string, folder: string, ...more: string[]): Promise<{ stdout: string }> {
  const added = await pool().windfall(["data", "add", name, folder, ...more])
  assert.equal(added.exitCode, 0, added.stderr)
  return added
}

async function drained(one: string, other: string, act: () => Promise<void>): Promise<void> {
  for (const host of [one, other]) await pool().api("POST", `/v1/hosts/${host}/drain`, {})
  try {
    await act()
  } finally {
    await resume(one, other)
  }
}

async function resume(...hosts: string[]): Promise<void> {
  for (const host of hosts) await pool().api("POST", `/v1/hosts/${host}/resume`, {})
}

async function tokenOf(user: string): Promise<string> {
  await pool().api("POST", "/v1/users", { name: user, role: "user" })
  return (await pool().api<TokenView & { token: string }>("POST", "/v1/tokens", { user })).token
}

/** What the agent lets go of is removed in the background. */
async function untilGone(path: string): Promise<void> {
  while (existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 20))
}

function jobIn(stdout: string): number {
  return (JSON.parse(stdout.split("\n")[0] ?? "") as { job: number }).job
}

function dataFolder(host: number): string {
  return join(pool().hosts[host]!.files, ".windfall", "servers", pool().server.id, "data")
}

for (const removed of ["cache", "data", "environments", "trash"]) {
  test(`a job that removes its host's folder ${removed} takes neither data nor workspace from those that follow`, async () => {
    using sets = new ScratchFolder()
    sets.write({ what: `${removed}\n`, "below/large": "x".repeat(100_000) })
    await add(`kept-${removed}`, sets.path)
    using project = new ScratchFolder()
    project.write({ "go.sh": `cat data/kept-${removed}/what ; wc -c <large`, large: removed.repeat(50_000) })
    const send = (...command: string[]) =>
      pool().windfall(["send", "--host", "host1", "--data", `kept-${removed}`, "--", ...command], {
        cwd: project.path,
      })
    const before = await send("sh", "go.sh")
    assert.equal(before.exitCode, 0, before.stderr)
    assert.equal((await send("sh", "-c", `rm -rf ../../../${removed} || :`)).exitCode, 0)
    for (const change of ["", "new\n"]) {
      project.write({ "more.txt": change })
      const after = await send("sh", "go.sh")
      assert.deepEqual([after.stdout, after.exitCode], [before.stdout, 0], after.stderr)
    }
  })
}
