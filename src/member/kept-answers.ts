import { createHash } from "node:crypto"
import { mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises"
import { release } from "node:os"
import { dirname, isAbsolute, join } from "node:path"
import type { EngineAdapter } from "../hive/engines/engine-adapter.ts"
import type { FoundEngine } from "./find-engine.ts"

type Environment = Readonly<Record<string, string | undefined>>
type Answers = Pick<FoundEngine, "version" | "help" | "devices">

/** A driver may be new without a file of the engine's being so. */
const LONGEST_MS = 24 * 3_600_000
/** What else than its files decides what a program says of itself. */
const DECIDES = /^(?:LD_|DYLD_|GGML_|LLAMA_|CUDA_|HIP_|ROCR_|VK_|MTL_|METAL_)/
/** Parts of the engine, beside its programs. */
const IS_PART = /llama|ggml|mtmd/i

/**
 * What an engine's programs last said of themselves on this host, so that not each start asks them: three starts of a program that is large.
 * Lies in the job's HOME. Holds for the very same files (place, number, size, times of programs and libraries), and for a day.
 */
export class KeptAnswers {
  readonly #path: string
  readonly #environment: Environment
  readonly #now: () => number

  /** @param now milliseconds since 1970 */
  private constructor(path: string, environment: Environment, now: () => number) {
    this.#path = path
    this.#environment = environment
    this.#now = now
  }

  /** `null` where there is no HOME, or what is new of this engine does not show in its files. */
  static of({ engine, keepsAnswers }: EngineAdapter, environment: Environment, now: () => number): KeptAnswers | null {
    const { HOME = "" } = environment
    if (!keepsAnswers || !isAbsolute(HOME)) return null
    return new KeptAnswers(join(HOME, ".cache/windfall-hive", `${engine}.said`), environment, now)
  }

  /** What these programs said; `null` where they must be asked. Never rejects. */
  async read(programs: FoundEngine["programs"]): Promise<Answers | null> {
    try {
      const [text, key] = await Promise.all([readFile(this.#path, "utf8"), this.#keyOf(programs)])
      const kept = JSON.parse(text) as Partial<Answers> & { readonly key?: unknown; readonly at?: unknown }
      const { version, help, devices, at } = kept
      if (kept.key !== key || typeof at !== "number" || typeof version !== "string" || typeof help !== "string")
        return null
      if (!Array.isArray(devices) || !devices.every((one) => typeof one === "string")) return null
      const ageMs = this.#now() - at
      return ageMs >= 0 && ageMs < LONGEST_MS ? { version, help, devices } : null
    } catch {
      return null
    }
  }

  /** Never rejects: without it they are asked again. */
  async write(programs: FoundEngine["programs"], { version, help, devices }: Answers): Promise<void> {
    const draft = `${this.#path}.${process.pid}`
    try {
      const key = await this.#keyOf(programs)
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      await writeFile(draft, JSON.stringify({ key, at: this.#now(), version, help, devices }), { mode: 0o600 })
      await rename(draft, this.#path)
    } catch {
      await rm(draft, { force: true }).catch(() => {})
    }
  }

  /** After a loss: it may have been for what is not so any more. */
  async forget(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => {})
  }

  async #keyOf(programs: FoundEngine["programs"]): Promise<string> {
    const paths = await Promise.all(Object.values(programs).map((path) => realpath(path)))
    const folders = new Set(paths.map(dirname).flatMap((bin) => [bin, join(bin, "../lib"), join(bin, "../libexec")]))
    const parts = await Promise.all(
      [...folders].map(async (folder) => {
        const names = await readdir(folder).catch(() => [])
        return names.filter((name) => IS_PART.test(name)).map((name) => join(folder, name))
      }),
    )
    const files = [...new Set([...paths, ...parts.flat()])].toSorted()
    const marks = await Promise.all(files.map(markOf))
    const variables = Object.entries(this.#environment).filter(([name]) => DECIDES.test(name))
    const all = [release(), programs, files, marks, variables.toSorted(([a], [b]) => (a < b ? -1 : 1))]
    return createHash("sha256").update(JSON.stringify(all)).digest("hex")
  }
}

async function markOf(path: string): Promise<readonly string[]> {
  const found = await stat(path, { bigint: true }).catch(() => null)
  if (found === null) return []
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].map(String)
}
