import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"

const WRITABLE = 0o222

/** What the file `ready` of an environment says. */
export interface Seal {
  /** What it takes. */
  readonly bytes: number
  /** Nothing in it was made after this, by wall clock. */
  readonly sealedMs: number
}

/** Reads what the build wrote, bytes and seconds; `null` where there is nothing of that kind. */
export function readSeal(text: string | null): Seal | null {
  const [, bytes, seconds] = /^(\d{1,15}) (\d{1,12})\n$/.exec(text ?? "") ?? []
  return bytes === undefined ? null : { bytes: Number(bytes), sealedMs: Number(seconds) * 1000 }
}

/**
 * Whether an environment is as its build left it, as far as its uppermost folders tell: closed, with nothing added or removed since.
 * A job has the account that owns it, so it can open it after all, and what it then does there would be every other job's. Files are
 * not looked at: there may be a hundred thousand, and on Linux they change when another environment gets them, too.
 * @throws the system's error where one of its folders is not there
 */
export function isAsSealed(place: string, { sealedMs }: Seal): boolean {
  const venv = join(place, "venv")
  const lib = join(venv, "lib")
  const packages = readdirSync(lib).map((name) => join(lib, name, "site-packages"))
  const below = packages.flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(folder, name)),
  )
  return [venv, join(venv, "bin"), lib, ...packages, ...below].every((folder) => {
    const { mode, mtimeMs } = statSync(folder)
    return (mode & WRITABLE) === 0 && mtimeMs <= sealedMs
  })
}
