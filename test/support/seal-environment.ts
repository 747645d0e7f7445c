import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** Leaves the folder of an environment as a build does that has ended well. */
export function sealEnvironment(place: string, bytes: number): void {
  const folders = ["venv/bin", "venv/lib", "venv"].map((path) => join(place, path))
  for (const folder of folders) mkdirSync(folder, { recursive: true })
  for (const folder of folders) chmodSync(folder, 0o555)
  writeFileSync(join(place, "ready"), `${bytes} ${Math.ceil(Date.now() / 1000) + 1}\n`)
}
