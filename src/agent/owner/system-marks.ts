import { statSync } from "node:fs"

/**
 * What macOS itself touches when something changes that is slow to ask for. To look at it is one system call in this process, so it is
 * done with each look; where there is no such file, what it stands for is asked for by the clock alone.
 */
export class SystemMarks {
  readonly #root: string
  /** As they were when what they stand for was asked for last. */
  readonly #asked = new Map<Marked, string>()

  /** @param root in front of every path, for tests */
  constructor(root: string) {
    this.#root = root
  }

  /** To be called before these are asked for: what changes while they are, is asked for again. */
  asking(sources: readonly string[]): void {
    for (const source of MARKED) if (sources.includes(source)) this.#asked.set(source, this.#markOf(source))
  }

  /** Whether what it stands for has changed since it was asked for. */
  isNew(source: Marked): boolean {
    return this.#markOf(source) !== this.#asked.get(source)
  }

  /** Whether there is anything to look at; else it is asked for by the clock alone. */
  has(source: Marked): boolean {
    return this.#markOf(source) !== ""
  }

  #markOf(source: Marked): string {
    try {
      const { path, of } = MARKS[source]
      return of(statSync(`${this.#root}${path}`, { bigint: true }))
    } catch {
      return ""
    }
  }
}

interface Stat {
  readonly uid: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
}

const MARKS = {
  /** Changes with each login and logout in a terminal, and is what who(1) reads: `_PATH_UTMPX` of Apple's Libc. */
  who: { path: "/var/run/utmpx", of: ({ ino, size, mtimeNs }: Stat) => `${ino} ${size} ${mtimeNs}` },
  /** Belongs to whoever has the screen, and to root at the login window. */
  root: { path: "/dev/console", of: ({ uid }: Stat) => `${uid}` },
} as const
type Marked = keyof typeof MARKS
const MARKED = Object.keys(MARKS) as Marked[]
