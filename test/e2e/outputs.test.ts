import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })

test("what a job made and cannot travel is named; the rest comes home", async () => {
  using project = new ScratchFolder()
  const made = "echo a > good; mkfifo pipe"
  const { exitCode, stderr } = await pool().windfall(["send", "--", "sh", "-c", made], { cwd: project.path })
  assert.equal(exitCode, 0, stderr)
  assert.match(stderr, /pipe could not come home \(/)
  assert.ok(existsSync(join(project.path, "good")))
})

test("what --include and --output name and nothing matches is told, and fails nothing", async () => {
  using project = new ScratchFolder()
  project.write({ "data/a": "a" })
  const globs = ["--include", "*.nope", "--include", "data/*", "--output", "made", "--output", "nothing/*"]
  const send = (...more: string[]) =>
    pool().windfall(["send", ...more, ...globs, "--", "sh", "-c", "echo a > made; echo b > other"], {
      cwd: project.path,
    })
  const { exitCode, stderr } = await send()
  assert.equal(exitCode, 0, stderr)
  assert.match(stderr, /^windfall: --include \*\.nope matches nothing that can travel from \//m)
  assert.doesNotMatch(stderr, /--include data/)
  assert.match(stderr, /; --output 'nothing\/\*' matched nothing; /)
  assert.deepEqual(readdirSync(project.path).toSorted(), ["data", "made"])
  const events = (await send("--json")).stdout.trimEnd().split("\n")
  assert.deepEqual(JSON.parse(events.at(-1)!).job.outputs.unmatched, ["nothing/*"])
  const { id } = JSON.parse(events.at(-1)!).job
  assert.match((await pool().windfall(["show", `${id}`])).stdout, /--output 'nothing\/\*' matched nothing/)
  const bare = ["send", "--no-folder", "--output", "x", "--", "true"]
  assert.match((await pool().windfall(bare)).stderr, /--output x matched nothing/)
})

test("who fetches at once waits for the other, and each ends with the job's own exit code", async () => {
  using project = new ScratchFolder()
  const made = "for i in 1 2 3; do head -c 20000000 /dev/urandom > r$i.bin; done"
  const sent = await pool().windfall(["send", "-q", "--detach", "--", "sh", "-c", made], { cwd: project.path })
  const id = Number(sent.stdout)
  const run = (...words: string[]) => pool().windfall([...words, `${id}`], { cwd: project.path })
  const attached = [run("attach"), run("attach")]
  const all = [...attached, run("wait").then(() => run("get")), run("wait").then(() => run("get"))]
  for (const { exitCode, stderr } of await Promise.all(all)) assert.equal(exitCode, 0, stderr)
  assert.deepEqual(readdirSync(project.path).toSorted(), ["r1.bin", "r2.bin", "r3.bin"])
})

test("of outputs that the server's disk has damaged the rest comes home, and what is lost is named", async () => {
  using project = new ScratchFolder()
  const made = "echo one > good; echo two > bad; mkdir sub; echo three > sub/bad; head -c 3000000 /dev/zero > large"
  const sent = await pool().windfall(["send", "-q", "--detach", "--", "sh", "-c", made], { cwd: project.path })
  const id = Number(sent.stdout)
  await pool().awaitJob(id)
  damage("two\n")
  truncateSync(blobFile("three\n"), 2)
  damage(Buffer.alloc(3_000_000))
  const get = (...more: string[]) => pool().windfall(["get", `${id}`, ...more], { cwd: project.path })
  const { exitCode, stdout, stderr } = await get()
  assert.equal(exitCode, 125, stderr)
  assert.match(stdout, /the rest of its files is here/)
  for (const name of ["bad", "sub/bad", "large"]) {
    assert.match(stderr, new RegExp(`^windfall: ${name} is lost: on the server it is damaged or gone$`, "m"))
  }
  assert.equal(readFileSync(project.at("good"), "utf8"), "one\n")
  assert.equal(existsSync(project.at("bad")), false)
  const list = await get("--list")
  assert.equal(list.exitCode, 125)
  assert.match(list.stdout, /good/)
  assert.match(list.stderr, /sub\/bad is lost/)
  assert.match((await pool().windfall(["doctor"])).stdout, /3 stored blobs were found damaged/)
})

function damage(content: string | Buffer): void {
  const path = blobFile(content)
  writeFileSync(path, readFileSync(path).fill(0xff, 1, 2))
}

/** Where the server keeps a blob of this content. */
function blobFile(content: string | Buffer): string {
  const hash = createHash("sha256").update(content).digest("hex")
  const blobs = join(pool().data, "blobs")
  const found = readdirSync(blobs, { recursive: true, encoding: "utf8" }).filter((path) => path.includes(hash.slice(2)))
  assert.equal(found.length, 1)
  return join(blobs, found[0]!)
}
