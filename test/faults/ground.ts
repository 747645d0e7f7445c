import { chmodSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { buildAgent } from "../../scripts/build-agent.ts"
import type { LabHost } from "../lab/lab.ts"
import { type Pool, startPool } from "../support/pool.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { SmallDisk } from "../support/small-disk.ts"
import { bringPackages } from "./packages.ts"

/** Quick enough that a point takes seconds; the ratios are those of a real server. */
const TIMING = { pingMs: 1_000, silenceMs: 2_500, firstRetryMs: 100, lastRetryMs: 1_000, refusedRetryMs: 2_000 }
/** How fast hosts are reached. */
export const MBIT = 40
/** Disks that can be filled in a moment. A host needs 600 MB to join. */
const SERVER_DISK_BYTES = 256 * 1024 * 1024
const HOST_DISK_BYTES = 640 * 1024 * 1024

/** Where points are tried: a pool whose clocks can be moved, and ledgers that Windfall knows nothing of. */
export class Ground implements AsyncDisposable {
  readonly pool: Pool
  readonly #disk: SmallDisk | null
  readonly #stack: AsyncDisposableStack
  /** Whether its hosts can build environments. */
  hasPackages = false
  #serverClockMs = 0
  readonly #hostClocksMs = new Map<LabHost, { wallMs: number; sleptMs: number }>()

  private constructor(pool: Pool, disk: SmallDisk | null, stack: AsyncDisposableStack) {
    this.pool = pool
    this.#disk = disk
    this.#stack = stack
  }

  /** With `disks` the server's data and each host's home lie on small disks of their own. */
  static async start(hosts: number, { disks }: { readonly disks: boolean }): Promise<Ground> {
    await using undo = new AsyncDisposableStack()
    const scratch = undo.use(new ScratchFolder())
    const bundle = scratch.at("agent.mjs")
    await buildAgent(bundle)
    const disk = disks ? undo.use(await SmallDisk.make(SERVER_DISK_BYTES)) : null
    const pool = await startPool({
      hosts: Array.from({ length: hosts }, () => (disks ? { diskBytes: HOST_DISK_BYTES } : {})),
      clocks: true,
      server: {
        timing: TIMING,
        agentBundle: bundle,
        ...(disk === null ? {} : { within: disk.within }),
      },
    })
    undo.use(pool)
    const ground = new Ground(pool, disk, undo.move())
    for (const host of pool.hosts) {
      const folder = ground.ledger(host, "").outside
      mkdirSync(folder, { recursive: true })
      chmodSync(folder, 0o777)
    }
    try {
      await bringPackages(ground)
      ground.hasPackages = true
    } catch (error) {
      console.log(`faults: no environments, so no builds are met: ${(error as Error).message}`)
    }
    // Only now: Node and uv have come this way. Slow enough that output and files are on their way for a while.
    for (const host of pool.hosts) await host.shape(MBIT)
    return ground
  }

  get hasDisks(): boolean {
    return this.#disk !== null
  }

  /** A job's ledger: the path its command uses, and the same file from here. */
  ledger(host: LabHost, name: string): { readonly inside: string; readonly outside: string } {
    const { folder, apart } = this.pool.lab
    const outside = join(folder, host.name, "ledger", name)
    return { inside: apart ? join("/mnt/host/ledger", name) : outside, outside }
  }

  /** Moves the server's clock by so much from where it is. */
  moveServerClock(byMs: number): void {
    this.#serverClockMs += byMs
    this.pool.moveClock("server", this.#serverClockMs)
  }

  /** Moves a host's wall clock, and lets it have slept, by so much more than so far. */
  moveHostClock(host: LabHost, byMs: number, sleptMs = 0): void {
    const clock = this.#hostClocksMs.get(host) ?? { wallMs: 0, sleptMs: 0 }
    clock.wallMs += byMs
    clock.sleptMs += sleptMs
    this.#hostClocksMs.set(host, clock)
    this.pool.moveClock(host, clock.wallMs, clock.sleptMs)
  }

  /** Leaves the server no byte to write. */
  fillServerDisk(): void {
    this.#disk?.fill()
  }

  freeServerDisk(): void {
    this.#disk?.free()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}
