import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { chmodSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { WhyAnswer } from "../../src/protocol/api.ts"
import type { StoredDataView } from "../../src/protocol/data-api.ts"
import type { BlobHash } from "../../src/protocol/ids.ts"
import type { JobSpec } from "../../src/protocol/job.ts"
import { findLabMode } from "../lab/lab-mode.ts"
import { killIfThere } from "../support/kill-if-there.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const MB = 1024 * 1024
const pool = usePool({ hosts: 2 })
const apart = (await findLabMode()) !== "ports"

test("a second host gets data from the first one, without the server's copy", { skip: !apart }, async () => {
  const root = await add("direct", { big: randomBytes(3 * MB), "below/small": "small\n" })
  await run("host1", "direct")
  assert.deepEqual(await liesOn("direct"), ["host1"])
  // What the server would have to send is gone: only tree objects are left.
  for (const file of serverBlobs().filter(({ bytes }) => bytes === 3 * MB)) rmSync(file.path)
  await run("host2", "direct")
  assert.deepEqual(await liesOn("direct"), ["host1", "host2"])
  const tree = (host: number) => join(dataFolder(host), "trees", root)
  assert.ok(readFileSync(join(tree(0), "big")).equals(readFileSync(join(tree(1), "big"))))
  assert.equal(statSync(join(tree(1), "big")).mode & 0o777, 0o444)
  assert.equal(statSync(tree(1)).mode & 0o777, 0o555)
  // Its blobs are the files themselves: nothing is there twice.
  assert.ok(blobSizes(1).every((bytes) => bytes < MB))
})

test("a first host whose link is cut in the middle does not keep the second from its data", {
  skip: !apart,
}, async () => {
  await add("cut", { big: randomBytes(12 * MB) })
  await run("host1", "cut")
  await pool().hosts[0]!.shape(10)
  try {
    const { id } = await send("host2", "cut")
    await pool().untilJob(
      id,
      ({ state, reason }) => state !== "starting" || /placing cut on host2: [1-9]\d* %/.test(reason ?? ""),
    )
    await pool().hosts[0]!.cut()
    assert.equal((await pool().awaitJob(id)).state, "succeeded")
    assert.ok((await liesOn("cut")).includes("host2"))
  } finally {
    await pool().hosts[0]!.restore()
    await pool().hosts[0]!.shape(null)
  }
  await pool().untilHost("host1", ({ link }) => link === "ready")
})

for (const victim of ["agent", "server"] as const) {
  test(`${victim} killed while data is on its way: the rest comes after, and nothing is used half laid out`, async () => {
    const name = `killed-${victim}`
    const files = Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`part-${i}`, randomBytes(MB / 2)]))
    const root = await add(name, files)
    await pool().hosts[1]!.shape(20)
    try {
      const { id } = await send("host2", name, "sh", "-c", `ls data/${name} | wc -l; cat data/${name}/* | wc -c`)
      await pool().untilJob(id, ({ state, reason }) => state !== "starting" || /: [1-9]\d* %/.test(reason ?? ""))
      assert.throws(() => statSync(join(dataFolder(1), "whole", root)))
      assert.match((await pool().windfall(["ps"])).stdout, /starting .*\(placing killed-\w+ on host2: \d+ %\)/)
      if (victim === "agent") for (const pid of agents(1)) killIfThere(pid)
      else {
        await pool().server.kill9()
        await pool().server.start()
      }
      await pool().hosts[1]!.shape(null)
      const ended = await pool().awaitJob(id)
      assert.equal(ended.state, "succeeded", ended.reason ?? "")
      assert.equal((await pool().log(id)).toString().replaceAll(" ", ""), `24\n${12 * MB}\n`)
    } finally {
      await pool().hosts[1]!.shape(null)
    }
    assert.deepEqual(
      readdirSync(join(dataFolder(1), "trees")).filter((one) => one.startsWith("old-")),
      [],
    )
  })
}

test("a job that is stopped while its data is on its way ends at once, and another one gets the data", async () => {
  await add("stopped", { big: randomBytes(8 * MB) })
  await pool().hosts[1]!.shape(10)
  await using attached = pool().start(["send", "--no-folder", "-w", "host2", "--data", "stopped", "--", "true"])
  await attached.says(/job \d+ is starting: placing stopped on host2: \d+ %/, "stderr")
  await pool().windfall(["stop", "--now", /job (\d+) is/.exec(attached.stderr)?.[1] ?? ""])
  await attached.ended
  const first = await send("host2", "stopped")
  const second = await send("host2", "stopped")
  await pool().untilJob(first.id, ({ state, reason }) => state !== "starting" || reason !== null)
  await pool().api("POST", `/v1/jobs/${first.id}/stop`, { now: false })
  assert.equal((await pool().awaitJob(first.id)).state, "cancelled")
  await pool().hosts[1]!.shape(null)
  assert.equal((await pool().awaitJob(second.id)).state, "succeeded")
})

test("jobs go where their data lies, if they can start there now", async () => {
  await add("near", { what: "x" })
  await run("host2", "near")
  const near = await pool().submit(spec("near"))
  assert.equal((await pool().awaitJob(near.id)).attempts[0]?.hostName, "host2")
  await pool().api("POST", "/v1/hosts/host2/drain", {})
  const elsewhere = await pool().submit(spec("near"))
  assert.equal((await pool().awaitJob(elsewhere.id)).attempts[0]?.hostName, "host1")
  await pool().api("POST", "/v1/hosts/host1/drain", {})
  const waiting = await pool().submit({ ...spec("near"), name: "waits" })
  const why = await pool().api<WhyAnswer>("GET", `/v1/jobs/${waiting.id}/why`)
  assert.match(why.hosts.find(({ name }) => name === "host2")?.text ?? "", /draining.*; it has the data near/)
  for (const host of ["host1", "host2"]) await pool().api("POST", `/v1/hosts/${host}/resume`, {})
  await pool().awaitJob(waiting.id)
})

test("what lies on a host already is proved, used there and nowhere else; once gone, the job says so before it starts", async () => {
  const [host] = pool().hosts
  await host!.write("corpus/text", "on the host\n")
  await host!.write("file", "x")
  const on = (where: string) => pool().windfall(["data", "add", "corpus", "--writable", "--on", where])
  for (const [where, words] of [
    ["host1:~/nowhere", /there is no such folder/],
    ["host1:~/file", /it is a file/],
    ["host1:~", /it is the whole home folder/],
    ["host1:~/.windfall", /part of what Windfall keeps/],
    ["host1:/", /it is the whole disk/],
    ["host1:corpus", /it is no absolute path/],
    ["host9:/tmp", /there is no such host/],
    ["host1", /it names no host and path/],
  ] as const) {
    const { exitCode, stderr } = await on(where)
    assert.match(stderr, words)
    assert.equal(exitCode, 2)
  }
  assert.match((await on("host1:~/corpus")).stdout, /corpus lies on host1:.*\/corpus/)
  const ran = await pool().submit(spec("corpus", "cat", "data/corpus/text"))
  assert.equal((await pool().awaitJob(ran.id)).attempts[0]?.hostName, "host1")
  assert.equal((await pool().log(ran.id)).toString(), "on the host\n")
  const never = await pool().windfall(["send", "-q", "--no-folder", "--data", "corpus", "-w", "host2", "--", "true"])
  assert.equal(never.exitCode, 2)
  assert.match(never.stderr, /the host host2 does not have the data corpus/)

  rmSync(join(host!.files, "corpus"), { recursive: true })
  const failed = await pool().windfall(["send", "--no-folder", "--data", "corpus", "--", "true"])
  assert.equal(failed.exitCode, 125)
  assert.match(failed.stderr, /data_failed.*Cannot use the data corpus at .*: there is no such folder/)
  assert.match((await pool().windfall(["data", "ls"])).stdout, /corpus .*cannot be used\)/)
  await host!.write("corpus/text", "back again\n")
  assert.doesNotMatch((await on("host1:~/corpus")).stdout, /cannot be used/)
  assert.match((await pool().windfall(["data", "show", "corpus"])).stdout, /host1 .*corpus/)
  assert.equal((await pool().windfall(["data", "rm", "corpus"])).exitCode, 0)
  assert.equal(readFileSync(join(host!.files, "corpus/text"), "utf8"), "back again\n")
})

test("where jobs could change what lies on a host it is refused, unless that is wanted; and told once it has become so", async () => {
  const [host] = pool().hosts
  await host!.write("theirs/below/text", "the owner's\n")
  const theirs = join(host!.files, "theirs")
  const on = (...more: string[]) => pool().windfall(["data", "add", "theirs", "--on", "host1:~/theirs", ...more])
  const refused = await on()
  assert.equal(refused.exitCode, 2)
  assert.match(refused.stderr, /jobs could change it, as \S+ may write \/\S*theirs\n/)
  assert.match(refused.stderr, /on host1: chmod -R a-w \/\S*theirs .*--writable/)
  assert.equal((await on("--writable")).exitCode, 0)
  assert.match((await pool().windfall(["data", "ls"])).stdout, /theirs .*\(writable by jobs\)/)

  const asWanted = await pool().submit(spec("theirs", "sh", "-c", "echo new > data/theirs/new"))
  assert.equal((await pool().awaitJob(asWanted.id)).state, "succeeded")
  assert.equal(readFileSync(join(theirs, "new"), "utf8"), "new\n")
  rmSync(join(theirs, "new"))
  for (const [path, mode] of [
    ["below/text", 0o444],
    ["below", 0o555],
    ["", 0o555],
  ] as const)
    chmodSync(join(theirs, path), mode)
  const added = await on()
  assert.equal(added.exitCode, 0, added.stderr)
  assert.doesNotMatch((await pool().windfall(["data", "ls"])).stdout, /theirs .*writable/)
  assert.match((await pool().windfall(["data", "show", "theirs"])).stdout, /read-only/)
  const notices = async () => {
    const { stdout } = await pool().windfall(["events", "--json"])
    return stdout.split("\n").filter((line) => line.includes("jobs could change the data theirs"))
  }
  const remove = async () => {
    const { id } = await pool().submit(
      spec("theirs", "sh", "-c", "rm -f data/theirs/below/text; cat data/theirs/below/text"),
    )
    await pool().awaitJob(id)
    return (await pool().log(id)).toString()
  }
  assert.match(await remove(), /the owner's/)
  assert.deepEqual(await notices(), [])
  chmodSync(join(theirs, "below/text"), 0o644)
  await remove()
  assert.match((await notices()).join(), /theirs\/below\/text can be written/)
})

/** Adds a folder with these files and returns its tree. */
async function add(name: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<BlobHash> {
  using sets = new ScratchFolder()
  sets.write(files)
  const added = await pool().windfall(["data", "add", name, sets.path, "--json"])
  assert.equal(added.exitCode, 0, added.stderr)
  return (JSON.parse(added.stdout) as StoredDataView).versions.at(-1)!.root
}

function spec(name: string, ...command: string[]): Partial<JobSpec> {
  const data = [{ name, path: `data/${name}`, version: null, root: null, bytes: 0 }]
  return { data, command: command.length === 0 ? ["ls", `data/${name}`] : command }
}

function send(host: string, name: string, ...command: string[]) {
  return pool().submit({ ...spec(name, ...command), host })
}

async function run(host: string, name: string): Promise<void> {
  const { id } = await send(host, name)
  const { state, reason } = await pool().awaitJob(id)
  assert.equal(state, "succeeded", reason ?? "")
}

async function liesOn(name: string): Promise<readonly string[]> {
  return (await pool().api<StoredDataView>("GET", `/v1/data/${name}`)).versions.at(-1)?.hosts ?? []
}

function dataFolder(host: number): string {
  return join(pool().hosts[host]!.files, ".windfall", "servers", pool().server.id, "data")
}

function blobSizes(host: number): number[] {
  const folder = join(dataFolder(host), "blobs")
  return readdirSync(folder, { recursive: true }).flatMap((name) => Number(/\.(\d+)$/.exec(String(name))?.[1] ?? 0))
}

function serverBlobs(): { readonly path: string; readonly bytes: number }[] {
  const folder = join(pool().data, "blobs", "admin")
  return readdirSync(folder, { recursive: true })
    .map(String)
    .flatMap((name) => {
      const bytes = /\.(\d+)$/.exec(name)?.[1]
      return bytes === undefined ? [] : [{ path: join(folder, name), bytes: Number(bytes) }]
    })
}

function agents(host: number): number[] {
  return pool()
    .hosts[host]!.processes()
    .filter(({ command }) => /agent\.mjs --root/.test(command))
    .map(({ pid }) => pid)
}
