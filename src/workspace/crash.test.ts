/** What is left when a process is killed at any moment, or the disk is full: looked at with real processes and a real small disk. */
import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { BlobFolder } from "./blob-folder.ts"
import { hashBytes } from "./hash.ts"
import { missingBlobs } from "./missing-blobs.ts"
import { encodePack, readPack } from "./pack.ts"
import { ReadyTree } from "./ready-tree.ts"
import { scanTree } from "./scan.ts"

const here = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href)

test("a ready tree is right or not there, whenever its process is killed", async () => {
  using scratch = new ScratchFolder()
  const blobs = new BlobFolder(scratch.at("blobs"))
  const roots: BlobHash[] = []
  for (let version = 0; version < 3; version++) {
    const files: Record<string, string> = {}
    for (let i = 0; i < 120; i++) files[`folder${i % 7}/file${i}`] = i % 3 === 0 ? `${i} in version ${version}` : `${i}`
    const scanned = await scanTree(scratch.write({ ...files, [`only${version}/x`]: "x" }, `version${version}`))
    await readPack(encodePack(await missingBlobs(scanned, async (hashes) => blobs.missing(hashes))), blobs)
    roots.push(scanned.root)
  }
  // Prepares one version after another for ever, as long as somebody is there to end it, and says when it begins.
  const program = `
    import { BlobFolder } from ${here("./blob-folder.ts")}
    import { ReadyTree } from ${here("./ready-tree.ts")}
    const [blobs, folder, ...roots] = process.argv.slice(1)
    const ready = new ReadyTree({ folder, blobs: new BlobFolder(blobs), bootId: "boot" })
    const parent = process.ppid
    for (let i = 0; process.ppid === parent; i++) {
      process.stdout.write(".")
      await ready.prepare(roots[i % roots.length])
    }`

  for (let kill = 0; kill < 3; kill++) {
    const args = ["--input-type=module-typescript", "-e", program, scratch.at("blobs"), scratch.at("ready"), ...roots]
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
    let rounds = 0
    await new Promise<void>((resolve) => {
      child.stdout.on("data", (dots: Buffer) => {
        rounds += dots.length
        // At another moment of a round each time.
        if (rounds >= 2 + kill * 2) setTimeout(() => child.kill("SIGKILL"), (kill * 7) % 11)
      })
      child.once("close", () => resolve())
    })
    const ready = new ReadyTree({ folder: scratch.at("ready"), blobs, bootId: "boot" })
    if (ready.root !== undefined) {
      assert.equal((await scanTree(scratch.at("ready/tree"))).root, ready.root)
    }
    await ready.close()
  }
})

test("a blob folder holds whole blobs only, whenever its process is killed", async () => {
  using scratch = new ScratchFolder()
  const program = `
    import { BlobFolder } from ${here("./blob-folder.ts")}
    import { hashBytes } from ${here("./hash.ts")}
    const blobs = new BlobFolder(process.argv[1])
    const parent = process.ppid
    for (let i = 0; process.ppid === parent; i++) {
      const bytes = Buffer.alloc(200_000 + i, String(process.pid + i))
      await blobs.write(hashBytes(bytes), bytes)
      process.stdout.write(".")
    }`
  for (let kill = 0; kill < 3; kill++) {
    const args = ["--input-type=module-typescript", "-e", program, scratch.at("blobs")]
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
    await new Promise<void>((resolve) => {
      child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), kill * 3))
      child.once("close", () => resolve())
    })
    const blobs = new BlobFolder(scratch.at("blobs"))
    assert(blobs.count > 0)
    assert.deepEqual(fs.readdirSync(scratch.at("blobs/tmp")), [])
    for (const folder of fs.readdirSync(scratch.at("blobs")).filter((name) => name !== "tmp")) {
      for (const name of fs.readdirSync(scratch.at("blobs", folder))) {
        const [rest, bytes] = name.split(".")
        const content = fs.readFileSync(scratch.at("blobs", folder, name))
        assert.deepEqual([hashBytes(content), content.length], [folder + rest, Number(bytes)])
      }
    }
  }
})

/** A private mount namespace with a disk of one megabyte needs Linux and root, or user namespaces. */
const canMount =
  process.platform === "linux" && spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0

test("a full disk is told as such and leaves no part of a blob", { skip: !canMount }, () => {
  using scratch = new ScratchFolder()
  const program = `
    import * as fs from "node:fs"
    import { BlobFolder } from ${here("./blob-folder.ts")}
    import { hashBytes } from ${here("./hash.ts")}
    import { encodePack, readPack } from ${here("./pack.ts")}
    import { bytesBlob } from ${here("./sources.ts")}
    const root = process.argv[1]
    const blobs = new BlobFolder(root)
    const codes = []
    for (let i = 0; codes.length === 0; i++) {
      const bytes = Buffer.alloc(90_000, String(i))
      try {
        blobs.write(hashBytes(bytes), bytes)
      } catch (error) {
        codes.push(error.code)
      }
    }
    const large = Buffer.alloc(3_000_000)
    await readPack(encodePack([bytesBlob(hashBytes(large), large)]), blobs).catch((error) => codes.push(error.code))
    const [first] = blobs.missing([hashBytes(large)])
    const again = new BlobFolder(root)
    console.log(JSON.stringify({ codes, partial: fs.readdirSync(root + "/tmp"), same: again.count === blobs.count,
      bytes: again.sizeBytes === blobs.sizeBytes, missing: first !== undefined }))`
  const mounted = `mount -t tmpfs -o size=1m none "$1" && exec "$2" --input-type=module-typescript -e "$3" "$1"`
  const { stdout, stderr } = spawnSync("unshare", [
    "-rm",
    "sh",
    "-c",
    mounted,
    "sh",
    scratch.path,
    process.execPath,
    program,
  ])
  assert.equal(stderr.toString(), "")
  assert.deepEqual(JSON.parse(stdout.toString()), {
    codes: ["disk_full", "disk_full"],
    partial: [],
    same: true,
    bytes: true,
    missing: true,
  })
})
