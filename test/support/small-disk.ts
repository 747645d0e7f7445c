import { existsSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { SYSTEM_ENV } from "../lab/lab-mode.ts"
import { LineProcess } from "../lab/line-process.ts"

/** A disk that can be full, in a mount namespace of its own, gone with the process that holds it. */
export class SmallDisk implements AsyncDisposable {
  readonly #keeper: LineProcess

  private constructor(keeper: LineProcess) {
    this.#keeper = keeper
  }

  static async make(bytes: number): Promise<SmallDisk> {
    const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]
    const script = `mount -t tmpfs -o size=${bytes},mode=700 disk /mnt && echo up && exec cat`
    const keeper = new LineProcess(["unshare", ...user, "--mount", "/bin/sh", "-c", script], SYSTEM_ENV)
    await keeper.answer()
    return new SmallDisk(keeper)
  }

  /** What to put before a command so that it finds the disk at /mnt. It stays the same process. */
  get entry(): string[] {
    const user = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"]
    return ["nsenter", "-t", `${this.#keeper.pid}`, ...user, "--mount", `--wdns=${process.cwd()}`, "--"]
  }

  /** Where it is, as seen from here. */
  get path(): string {
    return `/proc/${this.#keeper.pid}/root/mnt`
  }

  /** A server's data folder on it, for PoolServerSettings. */
  get within() {
    return { entry: this.entry, dataThere: "/mnt/data", dataHere: join(this.path, "data") }
  }

  fill(): void {
    const { bavail, bsize } = statfsSync(this.path)
    const file = join(this.path, "fill")
    try {
      writeFileSync(file, Buffer.alloc(bavail * bsize + bsize))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error
    }
  }

  free(): void {
    if (existsSync(join(this.path, "fill"))) rmSync(join(this.path, "fill"))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#keeper[Symbol.asyncDispose]()
  }
}
