import { rmSync } from "node:fs"
import { writeDurably } from "../durable-file.ts"
import { readIfThere } from "../own-file.ts"

/** What the server lets Windfall hold here. Kept, as an agent looks at the disk before the server's first word. */
export class DiskLimit {
  readonly #file: string
  #bytes: number | null

  constructor(file: string) {
    this.#file = file
    const bytes = Number(read(file))
    this.#bytes = Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null
  }

  /** `null`: nobody has said. */
  get bytes(): number | null {
    return this.#bytes
  }

  /** @throws the system's error when it cannot be kept; it holds for this agent all the same */
  set(bytes: number | null): void {
    if (bytes === this.#bytes) return
    this.#bytes = bytes
    if (bytes === null) rmSync(this.#file, { force: true })
    else writeDurably(this.#file, `${bytes}\n`)
  }
}

function read(file: string): string {
  try {
    return readIfThere(file) ?? ""
  } catch {
    return ""
  }
}
