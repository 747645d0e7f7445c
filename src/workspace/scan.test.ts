import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { createServer } from "node:net"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { biggestFolders } from "./biggest-folders.ts"
import { leavingLinks } from "./leaving-links.ts"
import { scanTree } from "./scan.ts"
import { sourceBlob } from "./sources.ts"
import { StatCache } from "./stat-cache.ts"
import { CHUNK_BYTES, decodeTree, EMPTY_TREE } from "./tree.ts"

/** Sets all times of what is below back, so that a scan may trust them. */
async function letAge(root: string): Promise<void> {
  const until = Date.now() + 60
  // ctime cannot be set: it has to pass. Times move on by themselves, so this ends.
  while (Date.now() < until) fs.statSync(root)
}

test("scanTree() counts what travels and finds equal folders equal", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({ "a/x": "one", "b/x": "one", "a/sub/": "", "b/sub/": "", "c/": "" })
  const scanned = await scanTree(root)
  assert.deepEqual([scanned.files, scanned.bytes], [2, 6])
  const [a, b, c] = scanned.record.entries
  assert(a?.kind === "folder" && b?.kind === "folder" && c?.kind === "folder")
  assert.equal(a.hash, b.hash)
  assert.equal(c.hash, EMPTY_TREE)
  assert.equal(scanned.sources.size, 1)
  assert.deepEqual(
    decodeTree(scanned.trees.get(scanned.root)!).map((entry) => entry.name),
    ["a", "b", "c"],
  )
})

test("scanTree() keeps modes, links as they are, unicode and long names", async () => {
  using scratch = new ScratchFolder()
  const long = "n".repeat(255)
  const root = scratch.write({
    "run.sh": "#!/bin/sh",
    "Ünï✓/日本.txt": "x",
    [long]: "long",
    "\u{1f600}": "",
    "\ufffd": "",
  })
  fs.chmodSync(`${root}/run.sh`, 0o755)
  fs.symlinkSync("run.sh", `${root}/inside`)
  fs.symlinkSync("../outside", `${root}/outside`)
  fs.symlinkSync("/etc/hosts", `${root}/absolute`)
  fs.symlinkSync("nowhere", `${root}/dangling`)
  const scanned = await scanTree(root)
  assert.deepEqual(scanned.leftOut, [])
  const names = scanned.record.entries.map(({ name }) => name)
  assert.deepEqual(
    names.toSorted(),
    ["absolute", "dangling", "inside", long, "outside", "run.sh", "Ünï✓", "\u{1f600}", "\ufffd"].toSorted(),
  )
  assert.equal(names.at(-1), "\u{1f600}")
  const script = scanned.record.entries.find(({ name }) => name === "run.sh")
  assert.equal(script?.kind === "file" && script.mode, 0o755)
  assert.deepEqual(leavingLinks(scanned), [
    { path: "absolute", target: "/etc/hosts" },
    { path: "outside", target: "../outside" },
  ])
})

test("scanTree() leaves out sockets, pipes and names that are not UTF-8, and says so", {
  skip: process.platform === "darwin",
}, async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({ "sub/file": "" })
  execFileSync("mkfifo", [`${root}/sub/pipe`])
  fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/sub/`), Buffer.from([0x66, 0xff])]), "")
  const server = createServer().listen(`${root}/socket`)
  await new Promise((resolve) => server.once("listening", resolve))
  const { leftOut, files } = await scanTree(root)
  await new Promise((resolve) => server.close(resolve))
  assert.equal(files, 1)
  assert.deepEqual(
    leftOut.map(({ path, kind, why }) => [path, kind, why]),
    [
      ["socket", "socket", "special"],
      ["sub/f\xff", "name", "special"],
      ["sub/pipe", "pipe", "special"],
    ],
  )
})

test("scanTree() handles folders nested as deep as paths go", async () => {
  using scratch = new ScratchFolder()
  // PATH_MAX is 4096 on Linux and 1024 on macOS, for the path from the root of the file system.
  const limit = process.platform === "darwin" ? 900 : 3900
  const name = "d".repeat(20)
  let depth = 0
  let at = scratch.at("top")
  for (; at.length < limit; at += `/${name}`) depth++
  fs.mkdirSync(at, { recursive: true })
  fs.writeFileSync(`${at}/file`, "deep")
  const scanned = await scanTree(scratch.at("top"))
  assert.equal(scanned.files, 1)
  assert.equal([...scanned.entries()].length, depth + 2)
})

test("scanTree() refuses a path longer than this system takes, shortened and in words", async () => {
  using scratch = new ScratchFolder()
  const sh = (script: string) => execFileSync("/bin/sh", ["-c", script, "sh", "d".repeat(200)], { cwd: scratch.path })
  sh('i=0; while [ $i -lt 25 ]; do mkdir "$1" && cd -P "$1" || exit; i=$((i + 1)); done; : >leaf')
  try {
    await assert.rejects(scanTree(scratch.path), {
      code: "invalid_input",
      message: /^Cannot read d{100}\.\.\.[d/]{100}: the name or path is too long for this system$/,
    })
  } finally {
    sh('rm -rf "$1"') // Node's own removal takes no such paths either
  }
})

test("a second scan reads only what changed, and notices every change", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write(
    { "a/x": "one", "a/y": "two", "b/z": "three", "b/.gitignore": "*.o\n", "b/m.o": "" },
    "root",
  )
  const file = scratch.at("cache", "scan")
  await letAge(root)
  const cache = new StatCache(file, root)
  const first = await scanTree(root, { cache })
  cache.save()

  const again = new StatCache(file, root)
  assert.deepEqual(again.record, first.record)
  let hashed = -1
  const onProgress = ({ hashedBytes }: { hashedBytes: number }): void => {
    hashed = hashedBytes
  }
  const second = await scanTree(root, { cache: again, onProgress })
  assert.deepEqual([second.root, hashed, second.previous?.hash], [first.root, 0, first.root])
  assert.equal(second.record, second.previous)
  assert.deepEqual(second.leftOut, first.leftOut)

  const { atime, mtime } = fs.statSync(`${root}/a/x`)
  fs.writeFileSync(`${root}/a/x`, "eno")
  fs.utimesSync(`${root}/a/x`, atime, mtime)
  const third = await scanTree(root, { cache: again, onProgress })
  assert.equal(hashed, 3)
  assert.notEqual(third.root, first.root)
  assert.equal((await scanTree(root)).root, third.root)

  fs.chmodSync(`${root}/a/y`, 0o700)
  fs.rmSync(`${root}/b/z`)
  fs.writeFileSync(`${root}/b/.gitignore`, "")
  const fourth = await scanTree(root, { cache: again })
  assert.equal((await scanTree(root)).root, fourth.root)
  assert.equal(fourth.leftOut.length, 0)
})

test("a file changed within the same tick of the clock as it was read is read again", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({ f: "0" }, "root")
  const cache = new StatCache(scratch.at("cache"), root)
  for (let i = 1; i < 200; i++) {
    await scanTree(root, { cache })
    const { atime, mtime } = fs.statSync(`${root}/f`)
    fs.writeFileSync(`${root}/f`, String(i % 10))
    fs.utimesSync(`${root}/f`, atime, mtime)
    const scanned = await scanTree(root, { cache })
    assert.equal(scanned.root, (await scanTree(root)).root)
  }
})

test("a damaged or foreign stat cache counts as empty", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({ "a/x": "one", "b/y": "two" }, "root")
  const file = scratch.at("cache")
  const cache = new StatCache(file, root)
  await scanTree(root, { cache })
  cache.save()
  assert.equal(new StatCache(file, scratch.at("elsewhere")).record, undefined)
  const bytes = fs.readFileSync(file)
  for (let at = 0; at < bytes.length; at += 7) {
    const spoiled = Buffer.from(bytes)
    spoiled[at]! ^= 1
    fs.writeFileSync(file, spoiled)
    assert.equal(new StatCache(file, root).record, undefined)
  }
  fs.writeFileSync(file, bytes.subarray(0, 20))
  assert.equal(new StatCache(file, root).record, undefined)
})

test("a file that keeps changing while it is read is a clear error", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({ "still.txt": "" })
  fs.writeFileSync(`${root}/busy.log`, Buffer.alloc(8 * 1024 * 1024))
  // Several pieces, and the scan lets others run after each: the file grows every time.
  const busy = setInterval(() => fs.appendFileSync(`${root}/busy.log`, "."))
  try {
    await assert.rejects(scanTree(root, { sliceMs: 0 }), {
      code: "wrong_state",
      message: /busy\.log: it keeps changing/,
    })
  } finally {
    clearInterval(busy)
  }
  assert.equal((await scanTree(root)).files, 2)
})

test("large files are chunked, and every chunk can be read where it lies", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({})
  const file = fs.openSync(`${root}/weights`, "w")
  fs.writeSync(file, "tail", CHUNK_BYTES)
  fs.writeSync(file, "head", 0)
  fs.closeSync(file)
  const scanned = await scanTree(root)
  const [entry] = scanned.record.entries
  assert(entry?.kind === "file" && entry.chunked && entry.chunks?.length === 2)
  assert.equal(scanned.trees.size, 2)
  const [hash, source] = [...scanned.sources][1]!
  assert.deepEqual(source, { path: `${root}/weights`, start: CHUNK_BYTES, bytes: 4 })
  assert.equal(Buffer.from(sourceBlob(hash, source).open() as Uint8Array).toString(), "tail")
})

test("a source that changed since the scan cannot be sent", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({ small: "small", large: Buffer.alloc(2_000_000) })
  const scanned = await scanTree(root)
  fs.writeFileSync(`${root}/small`, "other")
  fs.writeFileSync(`${root}/large`, Buffer.alloc(2_000_000, 1))
  for (const [hash, source] of scanned.sources) {
    const read = async () => {
      const content = sourceBlob(hash, source).open()
      return content instanceof Uint8Array ? content : Array.fromAsync(content)
    }
    await assert.rejects(read(), { code: "wrong_state" })
    fs.rmSync(source.path)
    await assert.rejects(read(), { code: "wrong_state" })
  }
})

test("scanTree() refuses what is no folder, and stops when aborted", async () => {
  using scratch = new ScratchFolder()
  scratch.write({ file: "" })
  await assert.rejects(scanTree(scratch.at("absent")), { code: "file_not_found" })
  await assert.rejects(scanTree(scratch.at("file")), { code: "file_not_found" })
  for (let i = 0; i < 20; i++) fs.writeFileSync(scratch.at(`f${i}`), Buffer.alloc(900_000, i))
  await assert.rejects(scanTree(scratch.path, { signal: AbortSignal.abort() }), { name: "AbortError" })
})

test("biggestFolders() names the folders that make up most of it", async () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({
    "data/raw/big": "x".repeat(900),
    "data/small": "x".repeat(10),
    "src/a/x": "x".repeat(50),
    "src/b/x": "x".repeat(60),
    top: "x".repeat(20),
    "empty/": "",
  })
  const scanned = await scanTree(root)
  assert.deepEqual(biggestFolders(scanned, 2), [
    { path: "data/raw", bytes: 900 },
    { path: "src", bytes: 110 },
  ])
  assert.equal(biggestFolders(scanned, 9).at(-1)?.path, "")
  const travels = [...scanned.sources].filter(([, { path }]) => path.endsWith("/src/b/x") || path.endsWith("/top"))
  assert.deepEqual(biggestFolders(scanned, 9, new Set(travels.map(([hash]) => hash))), [
    { path: "src/b", bytes: 60 },
    { path: "", bytes: 20 },
  ])
})
