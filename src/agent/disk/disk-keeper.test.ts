import assert from "node:assert/strict"
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { makeOrder, makeServerId } from "../../../test/support/agent-orders.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { sealEnvironment } from "../../../test/support/seal-environment.ts"
import { type HostDisk, heldBytes } from "../../protocol/host-disk.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { encodePack, type PackBlob } from "../../workspace/pack.ts"
import { scanTree } from "../../workspace/scan.ts"
import { bytesBlob, sourceBlob } from "../../workspace/sources.ts"
import { Attempt } from "../attempt.ts"
import { DataShelf } from "../data/data-shelf.ts"
import { layOut, lookAtTree } from "../data/tree-work.ts"
import { Environments } from "../environments.ts"
import { HostCache } from "../host-cache.ts"
import { hostClock } from "../host-clock.ts"
import { hostFolder, makeHostFolder } from "../host-folder.ts"
import { Trash } from "../trash.ts"
import { DataPart } from "./data-part.ts"
import { DiskKeeper } from "./disk-keeper.ts"
import { EnvironmentPart } from "./environment-part.ts"
import { MeasuredPart } from "./measured-part.ts"
import { WorkspacePart } from "./workspace-part.ts"

const never = new AbortController().signal
const KEY = "a".repeat(32)
const OTHER_KEY = "b".repeat(32)
const KB = 1024

/** A host's folder with everything in it that an agent keeps, and a budget that a test sets. */
class Host implements Disposable {
  readonly scratch = new ScratchFolder()
  readonly folder = hostFolder(this.scratch.at("windfall"), makeServerId())
  readonly attempts = new Map<number, Attempt>()
  readonly told: HostDisk[] = []
  budgetBytes = 1024 ** 3
  readonly cache: HostCache
  readonly data: DataShelf
  readonly environments: Environments
  readonly measured: MeasuredPart
  readonly keeper: DiskKeeper

  constructor() {
    const { folder, attempts } = this
    makeHostFolder(folder)
    const trash = new Trash(folder.trash)
    this.cache = new HostCache(folder.cache, "boot")
    this.data = new DataShelf({ folder: folder.data, bootId: "boot", onChange: () => {} })
    const facts = { platform: "linux", arch: "x64", system: "" } as const
    this.environments = new Environments({ folder, facts, discard: (path) => trash.discard(path) })
    this.measured = this.measure(trash)
    const parts = [
      new WorkspacePart(this.cache, attempts),
      new DataPart(this.data, attempts),
      new EnvironmentPart(this.environments, attempts, trash),
      this.measured,
    ]
    const held = () =>
      parts.flatMap((part) => Object.values(part.sizes())).reduce((sum: number, bytes) => sum + (bytes ?? 0), 0)
    this.keeper = new DiskKeeper({
      parts,
      disk: () => ({ totalBytes: 5 * this.budgetBytes, freeBytes: 5 * this.budgetBytes - held() }),
      limit: { bytes: null },
      onChange: (disk) => this.told.push(disk),
    })
    this.keeper.tell()
  }

  measure(trash = new Trash(this.folder.trash)): MeasuredPart {
    const { folder, environments, attempts } = this
    return new MeasuredPart({ folder, environments, attempts, trash, clock: hostClock("0") })
  }

  /** A file of this size below the server's folder, last used then. */
  file(path: string, bytes: number, usedMs: number): void {
    const file = join(this.folder.base, path)
    mkdirSync(join(file, ".."), { recursive: true })
    writeFileSync(file, Buffer.alloc(bytes))
    utimesSync(file, usedMs / 1000, usedMs / 1000)
  }

  has(path: string): boolean {
    return existsSync(join(this.folder.base, path))
  }

  environment(key: string, bytes: number, usedMs: number): void {
    const python = this.environments.placeOf(key).slice(this.folder.base.length + 1)
    this.file(`${python}/venv/bin/python`, 0, usedMs)
    chmodSync(join(this.folder.base, python, "venv/bin/python"), 0o755)
    sealEnvironment(this.environments.placeOf(key), bytes)
    assert.ok(this.environments.use(key, usedMs))
  }

  async dataset(name: string, bytes: number, usedMs: number): Promise<BlobHash> {
    const set = this.scratch.write({ file: name.repeat(bytes / name.length) }, name)
    const { root, trees, sources } = await scanTree(set)
    const blobs = [...blobsOf(trees), ...[...sources].map(([hash, source]) => sourceBlob(hash, source))]
    await this.data.store(encodePack(blobs), never)
    const { flaws } = await lookAtTree(this.data, root, never)
    assert.ok(await layOut(this.data, root, flaws ?? [], bytes, usedMs, never))
    return root
  }

  /** A workspace that a job of this number gets, now. */
  async workspace(sequence: number, bytes: number): Promise<BlobHash> {
    const { root, trees, sources } = await scanTree(
      this.scratch.write({ file: `${sequence}`.repeat(bytes) }, `w${sequence}`),
    )
    const blobs = [...blobsOf(trees), ...[...sources].map(([hash, source]) => sourceBlob(hash, source))]
    await this.cache.store(encodePack(blobs), never)
    await this.cache.layOut(root, this.scratch.at(`work${sequence}`), 1_000 + sequence, never)
    return root
  }

  attempt(sequence: number, more: Parameters<typeof makeOrder>[2]): Attempt {
    const order = makeOrder(sequence, ["true"], more)
    const attempt = new Attempt(order.attempt, order.job, sequence, this.scratch.at(`${sequence}`), order)
    attempt.phase = "running"
    this.attempts.set(sequence, attempt)
    return attempt
  }

  [Symbol.dispose](): void {
    this.scratch[Symbol.dispose]()
  }
}

function blobsOf(trees: ReadonlyMap<BlobHash, Uint8Array>): PackBlob[] {
  return [...trees].map(([hash, bytes]) => bytesBlob(hash, bytes))
}

describe("the disk of a host", () => {
  it("has go what was used least recently, of whatever kind, and tells what is left", async () => {
    using host = new Host()
    const old = await host.dataset("old", 30 * KB, 1_000)
    host.environment(KEY, 30 * KB, 2_000)
    const late = await host.dataset("new", 30 * KB, 3_000)
    host.file("shared/huggingface/models--a--b/blobs/x", 32 * KB, 4_000)
    await host.measured.measure(never)
    await host.keeper.look()
    assert.ok(host.data.has(old) && host.environments.use(KEY, 2_000))
    host.budgetBytes = 70 * KB
    await host.keeper.look()
    assert.deepEqual([host.data.has(old), host.has(`environments/${KEY}`), host.data.has(late)], [false, false, true])
    assert.ok(host.has("shared/huggingface/models--a--b/blobs/x"))
    assert.deepEqual(readdirSync(host.folder.trash), [], "the space is there when the look is over")
    const told = host.told.at(-1)
    assert.deepEqual([told?.held.environments, told?.budgetBytes], [0, 70 * KB])
    assert.ok(heldBytes(told!.held) <= 70 * KB)
  })

  it("never touches what a job has, nor any HOME, and lets shared downloads be while jobs run", async () => {
    using host = new Host()
    const root = await host.dataset("set", 30 * KB, 1_000)
    host.environment(KEY, 30 * KB, 1_000)
    host.file("shared/uv/wheels/x", 32 * KB, 500)
    host.file("homes/anna/keep", 32 * KB, 1)
    await host.measured.measure(never)
    const attempt = host.attempt(1, { data: [{ name: "set", path: "data", root, place: null, bytes: 30 * KB }] })
    attempt.environment = { uv: "uv", place: host.environments.placeOf(KEY), sources: null }
    host.budgetBytes = 1
    await host.keeper.look()
    assert.ok(host.data.has(root) && host.has(`environments/${KEY}/ready`) && host.has("shared/uv/wheels/x"))
    attempt.phase = "ended"
    host.attempts.clear()
    await host.keeper.look()
    assert.ok(!host.data.has(root) && !host.has(`environments/${KEY}`) && !host.has("shared/uv"))
    assert.ok(host.has("homes/anna/keep"))
  })

  it("has go at each look what was begun and is not worked on any more, however much room there is", async () => {
    using host = new Host()
    const [unbuilt, locked, unlaid] = [`environments/${KEY}`, `environments/${OTHER_KEY}.lock`, "data/trees"]
    const root = await host.dataset("set", 30 * KB, 1_000)
    host.file(`${unbuilt}/venv/bin/python`, 0, 1_000)
    host.file(`${unbuilt}.lock`, 0, 1_000)
    host.file(locked, 0, 1_000)
    host.data.unsettle(root)
    const attempt = host.attempt(1, {})
    attempt.environment = { uv: "uv", place: host.environments.placeOf(KEY), sources: null }
    const working = await host.data.take(root, never)
    await host.keeper.look()
    const left = [unbuilt, locked, `${unlaid}/${root}/file`].map((path) => host.has(path))
    assert.deepEqual(left, [true, false, true], "a build that goes on and a tree that is at work stay")
    working[Symbol.dispose]()
    host.attempts.clear()
    await host.keeper.look()
    assert.ok(![unbuilt, `${unbuilt}.lock`, `${unlaid}/${root}`].some((path) => host.has(path)))
  })

  it("keeps the workspace used last and those of running jobs; the rest go by last use", async () => {
    using host = new Host()
    const [a, b, c] = [
      await host.workspace(1, 40 * KB),
      await host.workspace(2, 40 * KB),
      await host.workspace(3, 40 * KB),
    ]
    const attempt = host.attempt(9, { workspace: a })
    attempt.phase = "preparing"
    host.budgetBytes = 100 * KB
    await host.keeper.look()
    assert.deepEqual(new Set(host.cache.trees()), new Set([a, b, c]), "one is being prepared")
    attempt.phase = "running"
    await host.keeper.look()
    assert.deepEqual(new Set(host.cache.trees()), new Set([a, c]))
    host.budgetBytes = 1
    await host.keeper.look()
    assert.deepEqual(new Set(host.cache.trees()), new Set([a, c]))
  })

  it("removes a Python only when no environment is made from it", async () => {
    using host = new Host()
    for (const version of ["3.11.9", "3.12.4"]) host.file(`shared/python/cpython-${version}/bin/python`, 32 * KB, 1_000)
    symlinkSync("cpython-3.11.9", join(host.folder.shared, "python/cpython-3.11"))
    const venv = join(host.environments.placeOf(OTHER_KEY), "venv/bin")
    mkdirSync(venv, { recursive: true })
    chmodSync(join(host.folder.shared, "python/cpython-3.12.4/bin/python"), 0o755)
    symlinkSync(join(host.folder.shared, "python/cpython-3.12.4/bin/python"), join(venv, "python"))
    sealEnvironment(host.environments.placeOf(OTHER_KEY), 100)
    host.environments.use(OTHER_KEY, Date.now())
    await host.measured.measure(never)
    host.budgetBytes = 50 * KB
    await host.keeper.look()
    assert.deepEqual(readdirSync(join(host.folder.shared, "python")), ["cpython-3.12.4"])
  })

  it("makes room, or refuses in words with what is in the way, and then nothing goes", async () => {
    using host = new Host()
    const root = await host.dataset("set", 30 * KB, 1_000)
    host.file("homes/anna/much", 60 * KB, 1)
    await host.measured.measure(never)
    host.budgetBytes = 100 * KB
    await assert.rejects(
      host.keeper.makeRoom(50 * KB, "data"),
      /Cannot make room for 50 KB of data: Windfall may keep 100 KB on this host now, and 60 KB are in use \(homes 60 KB\)/,
    )
    assert.ok(host.data.has(root))
    await host.keeper.makeRoom(30 * KB, "data")
    assert.equal(host.data.has(root), false)
  })

  it("says that the disk is nearly full, with what is free and what is to stay so, where that leaves no room", async () => {
    const full = { totalBytes: 1_000 * KB, freeBytes: 90 * KB }
    const keeper = new DiskKeeper({ parts: [], disk: () => full, limit: { bytes: null }, onChange: () => {} })
    await assert.rejects(
      keeper.makeRoom(304, "data"),
      /may keep 0 B on this host now, as its disk is nearly full \(90 KB of 1000 KB are free, and 150 KB are to stay free\)$/,
    )
  })

  it("remembers what was measured, but nothing that a job has put in the note's place", async () => {
    using host = new Host()
    host.file("shared/huggingface/models--a--b/blobs/x", 32 * KB, 4_000)
    await host.measured.measure(never)
    assert.deepEqual(host.measure().holdings(), host.measured.holdings())
    const bad = { kind: "models", path: "shared/huggingface/..", bytes: 1, usedMs: 1 }
    writeFileSync(join(host.folder.base, "measured"), JSON.stringify({ at: 1, measured: [bad] }))
    assert.deepEqual(host.measure().holdings(), [])
  })
})
